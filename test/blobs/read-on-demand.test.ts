import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type TcpNetConnectOpts } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { readOnDemand } from '../../src/blobs/read-on-demand.ts';
import { until } from '../support/http.ts';

/** More than the kernel and a few reads hold. */
const bytes = Buffer.alloc(4_000_000, 'abc');

test('a socket reads on when it was found empty, and not before; every byte comes, and the end', async (t) => {
  const server = createServer((peer) => peer.on('error', () => {}).end(bytes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const how = { port: (server.address() as AddressInfo).port, host: '127.0.0.1', highWaterMark: 1 };
  const socket = connect(how as TcpNetConnectOpts);
  t.teardown(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, 'connect');
  readOnDemand(socket);
  const chunks: Buffer[] = [];
  await once(socket, 'readable');
  for (let turn = 0; turn < 3; turn += 1) {
    await until(() => socket.readableLength > 0);
    const chunk: Buffer = socket.read();
    chunks.push(chunk);
    await sleep(50); // long enough for what would come unasked
    t.deepEqual([socket.readableLength, socket.bytesRead], [0, Buffer.concat(chunks).length]);
    t.is(socket.read(), null);
  }
  socket.on('readable', () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) chunks.push(chunk);
  });
  await once(socket, 'end');
  t.true(Buffer.concat(chunks).equals(bytes));
});
