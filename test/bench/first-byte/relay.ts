import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface RelayOptions {
  /** Where it passes on to. */
  readonly port: number;
  /** There, and back again. */
  readonly roundTripMs: number;
}

/**
 * A program: a long way to a server on loopback. What one side says the other hears half a round trip later; and a client's first words
 * come a whole one later still, for so long it would have waited for its connection. The kernel's own delays (netem) are not on every
 * machine; loss and slow start are not imitated.
 */
const { port: far, roundTripMs } = JSON.parse(process.argv[2] ?? '') as RelayOptions;
process.once('disconnect', () => process.exit());

function passOn(from: Socket, to: Socket, firstMs: number): void {
  let after = firstMs;
  from
    .on('data', (chunk: Buffer) => void setTimeout(() => to.write(chunk), after + roundTripMs / 2))
    .on('end', () => void setTimeout(() => to.end(), after + roundTripMs / 2))
    .on('error', () => to.destroy());
  setTimeout(() => {
    after = 0;
  }, firstMs);
}

const server = createServer({ allowHalfOpen: true }, (near) => {
  const there = connect({ port: far, host: '127.0.0.1', allowHalfOpen: true });
  near.setNoDelay();
  there.setNoDelay();
  passOn(near, there, roundTripMs);
  passOn(there, near, 0);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
