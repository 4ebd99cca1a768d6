import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { StreamSlots } from '../../../src/http/boot/stream-slots.ts';
import { type Broker, brokerFor, push } from '../../support/broker.ts';
import { ask, dial, until } from '../../support/http.ts';
import { scaled } from '../../support/patience.ts';

const kernel = '/assets/k:1:x86_64/kernel';
const firmware = { userAgent: 'UefiHttpBoot/1.0' };
const windowMs = scaled(2_000);

/** A broker with eight places for streams, and a window that a test can wait for. */
async function smallHouse(t: ExecutionContext): Promise<Broker> {
  const slots = new StreamSlots({ total: 8, perSource: 8, floor: 1_000_000, windowMs });
  const broker = await brokerFor(t, { replace: () => ({ slots }) });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(40_000_000) });
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.alloc(5_000) });
  return broker;
}

/** Asks for the kernel and reads 64 bytes of it now and then. Resolves with the status. */
async function readSlowly(t: ExecutionContext, { bootPort }: Broker, from: string) {
  const request = `GET ${kernel} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${firmware.userAgent}\r\n\r\n`;
  const socket: Socket = await dial(bootPort, request, { from });
  await new Promise((resolve) => socket.once('readable', resolve));
  const status = Number(String(socket.read(12)).slice(9));
  const reading = setInterval(() => socket.read(64), 250);
  t.teardown(() => {
    clearInterval(reading);
    socket.destroy();
  });
  if (status !== 200) socket.destroy();
  return { status, socket };
}

test('two addresses that read next to nothing do not have all streams: others get theirs, and first stages at once', async (t) => {
  const broker = await smallHouse(t);
  const held: Socket[] = [];
  for (const from of ['127.0.0.21', '127.0.0.22'])
    for (;;) {
      const { status, socket } = await readSlowly(t, broker, from);
      if (status !== 200) break;
      held.push(socket);
    }
  t.is(held.length, 6, 'half and one more; and an eighth');
  const honest = await ask(broker.bootPort, kernel, { ...firmware, from: '127.0.0.23' });
  t.deepEqual([honest.status, honest.body.length], [200, 40_000_000]);
  // A third one takes the last place, but that of first stages.
  t.is((await readSlowly(t, broker, '127.0.0.24')).status, 200);
  const stage = await ask(broker.bootPort, '/boot.efi', { ...firmware, from: '127.0.0.23' });
  t.deepEqual([stage.status, stage.body.length], [200, 5_000]);
});

test('when the house is full of slow readers, they give way to whoever asks, and not before', async (t) => {
  const broker = await smallHouse(t);
  const sockets: Socket[] = [];
  const come = async (from: string) => sockets.push((await readSlowly(t, broker, from)).socket);
  for (let n = 0; n < 6; n += 1) await come(`127.0.0.${31 + n}`);
  await new Promise((resolve) => setTimeout(resolve, 2 * windowMs));
  t.deepEqual(
    sockets.filter(({ closed }) => closed),
    [],
    'there was room',
  );
  await come('127.0.0.40');
  const asked = () => ask(broker.bootPort, kernel, { ...firmware, from: '127.0.0.41' });
  await until(async () => (await asked()).status === 200);
  t.regex((await broker.boot('/metrics')).text, /^bootbroker_streams_gave_way_total [1-9]/m);
  await until(() => broker.log.some(({ gave_way, hung_up }) => gave_way === true && hung_up === true));
});
