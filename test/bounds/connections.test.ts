import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type ConnectionLimits, Connections, type Turned } from '../../src/bounds/connections.ts';
import { dial } from '../support/http.ts';

/** A server that answers `/` at once, `/slow` never to its end, and what it has turned away. */
async function guarded(t: ExecutionContext, limits: Partial<ConnectionLimits> & { readonly total: number }) {
  const turned: Turned[] = [];
  const connections = new Connections({
    floor: 1_000_000,
    windowMs: 300,
    isFront: () => false,
    onTurned: (why) => turned.push(why),
    ...limits,
  });
  const server: Server = createServer((request, response) => {
    response.once('close', connections.begin(request.socket));
    if (request.url === '/slow') response.writeHead(200).write('begun');
    else response.end('done');
  });
  connections.guard(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets: Socket[] = [];
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const open = async (path?: string, from = '127.0.0.1') => {
    const text = path && `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const socket = await dial(port, text, { from });
    sockets.push(socket);
    const answered = Promise.withResolvers<boolean>();
    socket.on('data', () => answered.resolve(true)).on('close', () => answered.resolve(false));
    return { socket, answered: path !== undefined && (await answered.promise) };
  };
  const isOpen = async ({ socket }: { socket: Socket }) => {
    await sleep(100);
    return !socket.closed;
  };
  return { turned, open, isOpen };
}

test('a newcomer takes the place of the oldest connection on which nothing is asked', async (t) => {
  const { open, isOpen, turned } = await guarded(t, { total: 3 });
  const busy = await open('/slow');
  const [kept, silent] = [await open('/'), await open()];
  t.true((await open('/')).answered);
  t.false(await isOpen(kept), 'its answer has ended');
  t.true(await isOpen(silent));
  t.true((await open('/')).answered);
  t.false(await isOpen(silent));
  t.true(await isOpen(busy));
  t.deepEqual(turned, ['idle', 'idle']);
});

test('where on all of them something is asked, whoever is slow gives way, and before that the newcomer', async (t) => {
  const { open, isOpen, turned } = await guarded(t, { total: 2, windowMs: 600 });
  const slow = [await open('/slow'), await open('/slow')];
  t.false((await open('/', '127.0.0.2')).answered);
  t.deepEqual(turned, ['full']);
  await sleep(1_500);
  t.true((await open('/', '127.0.0.2')).answered);
  t.is((await Promise.all(slow.map(isOpen))).filter(Boolean).length, 1);
  t.deepEqual(turned, ['full', 'slow']);
});

test('a source that has its share makes room for itself alone, and is refused when it has none to make', async (t) => {
  const { open, isOpen, turned } = await guarded(t, { total: 16, floor: 0 });
  const own = [await open()];
  for (let n = 0; n < 8; n += 1) own.push(await open('/slow'));
  const other = await open(undefined, '127.0.0.2');
  t.true((await open('/slow')).answered, 'in the place of its own silent one');
  t.false(await isOpen(own[0] ?? other));
  t.false((await open('/slow')).answered);
  t.true(await isOpen(other));
  t.deepEqual(turned, ['idle', 'source']);
  t.true((await open('/', '127.0.0.3')).answered);
});

test('who speaks for many is not counted as one', async (t) => {
  const { open, turned } = await guarded(t, { total: 16, isFront: () => true });
  for (let n = 0; n < 16; n += 1) t.true((await open('/slow')).answered);
  t.deepEqual(turned, []);
});

test('what has closed has given its place back', async (t) => {
  const { open, turned } = await guarded(t, { total: 2 });
  for (let n = 0; n < 10; n += 1) {
    const { socket, answered } = await open('/slow');
    t.true(answered);
    socket.destroy();
    await sleep(30);
  }
  t.deepEqual(turned, []);
});
