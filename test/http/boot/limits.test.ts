import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { lookAfter } from '../../../src/http/server/silence.ts';
import { type Broker, brokerFor, push } from '../../support/broker.ts';
import { ask, dial, say, until, untilClosed } from '../../support/http.ts';
import { scaled } from '../../support/patience.ts';

const kernel = '/assets/k:1:x86_64/kernel';
const get = `GET ${kernel} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** A transfer that has begun and stands still, because nobody reads it. */
async function transfer(broker: Broker, from: string): Promise<Socket> {
  const socket = await dial(broker.bootPort, get, { from });
  await new Promise((resolve) => socket.once('readable', resolve));
  return socket;
}

test('transfers are counted by source and in all; what ends gives its place back', async (t) => {
  const settings = { BROKER_MAX_STREAMS: '3', BROKER_MAX_STREAMS_PER_SOURCE: '2' };
  const broker = await brokerFor(t, { settings });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(40_000_000) });
  const status = async (from: string, method = 'GET') => {
    const { status, headers } = await ask(broker.bootPort, kernel, { from, method });
    return [status, headers['retry-after']];
  };
  const [first, ...others] = [await transfer(broker, '127.0.0.1'), await transfer(broker, '127.0.0.1')];
  t.deepEqual(await status('127.0.0.1'), [503, '5']);
  t.deepEqual(await status('127.0.0.1', 'HEAD'), [200, undefined]);
  others.push(await transfer(broker, '127.0.0.2'));
  t.deepEqual(await status('127.0.0.3'), [503, '5']);
  t.regex((await broker.boot('/metrics')).text, /^bootbroker_streams 3$/m);
  first?.destroy();
  await until(async () => (await status('127.0.0.3'))[0] === 200);
  t.deepEqual(await status('127.0.0.1'), [200, undefined]);
  for (const socket of others) socket.destroy();
  await until(async () => /^bootbroker_streams 0$/m.test((await broker.boot('/metrics')).text));
});

test('requests that are sent ahead take no place for good', async (t) => {
  const settings = { BROKER_MAX_STREAMS: '3' };
  const broker = await brokerFor(t, { settings });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(40_000_000) });
  const socket = await dial(broker.bootPort, get.repeat(3));
  await until(async () => /^bootbroker_streams 3$/m.test((await broker.boot('/metrics')).text));
  t.is((await broker.boot(kernel)).status, 503);
  socket.destroy();
  await until(async () => /^bootbroker_streams 0$/m.test((await broker.boot('/metrics')).text));
});

test('nobody is punished for asking for what is not there, three hundred times at once', async (t) => {
  const broker = await brokerFor(t);
  const probes = Array.from({ length: 300 }, (_, n) => broker.boot(`/grub.cfg-01-52-54-00-aa-bb-${n}`));
  for (const { status, headers } of await Promise.all(probes)) {
    t.is(status, 404);
    t.is(headers['retry-after'], undefined);
  }
  t.is((await broker.boot('/autoexec.ipxe')).status, 200);
});

const silenceMs = scaled(2_000);
const families = [
  { family: 'IPv4', listen: '127.0.0.1', host: '127.0.0.1' },
  { family: 'IPv6', listen: '::1', host: '::1' },
  { family: 'IPv4 on an IPv6 socket', listen: '::', host: '127.0.0.1' },
] as const;

async function talker(t: ExecutionContext, listen: string): Promise<Server> {
  const readers = lookAfter(silenceMs);
  const server = createServer((request, response) => {
    readers.begin(response);
    response.end(request.url === '/small' ? 'x' : Buffer.alloc(64_000_000));
  });
  await new Promise<void>((resolve) => server.listen(0, listen, resolve));
  t.teardown(() => {
    readers.close();
    server.closeAllConnections();
    server.close();
  });
  return server;
}

/**
 * Reads an answer slowly, and for much longer than the limit. Resolves to undefined; or, when it was cut, to the longest time
 * in ms for which it had read nothing: on a busy machine the reader itself comes late.
 */
async function readSlowly(server: Server, open: () => Promise<Socket>): Promise<number | undefined> {
  let cut = false;
  server.once('connection', (socket) =>
    socket.on('close', () => {
      cut = true;
    }),
  );
  const socket = await open();
  // So slowly that the kernel takes nothing more from us for longer than the limit: it asks for a third of its buffer.
  const end = performance.now() + 4 * silenceMs;
  let longestMs = 0;
  for (let last = performance.now(); !cut && last < end; ) {
    socket.read(64 * 1024) ?? socket.read();
    await sleep(300);
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }
  const wasCut = cut;
  socket.destroy();
  return wasCut ? longestMs : undefined;
}

for (const { family, listen, host } of families) {
  test(`by ${family}, a reader that reads nothing is cut`, async (t) => {
    const server = await talker(t, listen);
    const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
    // The answer to a request that was sent ahead is watched like any other.
    const requests = 'GET /small HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const socket = await dial((server.address() as AddressInfo).port, requests, { host });
    await closed;
    t.pass();
    socket.destroy();
  });

  test(`by ${family}, a reader that reads slowly is never cut`, async (t) => {
    const server = await talker(t, listen);
    const { port } = server.address() as AddressInfo;
    for (let tries = 0; tries < 10; tries += 1) {
      const cutMs = await readSlowly(server, () => dial(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', { host }));
      if (cutMs === undefined) return t.pass();
      t.true(cutMs > silenceMs / 2, `it was cut although it had read ${cutMs} ms before`);
    }
    return t.fail('this machine is too busy for a reader to read in time');
  });
}

test('half a request, or none at all, is cut after 10 s, with a problem that says so', async (t) => {
  const broker = await brokerFor(t);
  const halves = [
    'GET /boot.efi HTTP/1.1\r\nHo',
    'POST /api/v1/machines HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n' +
      `Authorization: Bearer ${broker.parts.adminToken}\r\n\r\n{"macs"`,
    '',
  ];
  const answers = await Promise.all(halves.map((half) => say(broker.adminPort, half)));
  for (const answer of answers) {
    t.regex(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    t.is(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).type, 'urn:bootbroker:problem:request-timeout');
  }
  t.deepEqual(
    broker.log.filter(({ level }) => level === 'error'),
    [],
  );
  t.is((await broker.admin('/api/v1/machines')).json.items.length, 0);
});

test('half a request behind one whose answer is under way does not get into that answer', async (t) => {
  const broker = await brokerFor(t);
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(40_000_000) });
  const socket = await dial(broker.bootPort, `${get}GET /boo`);
  await new Promise((resolve) => socket.once('readable', resolve));
  await new Promise((resolve) => setTimeout(resolve, 11_500)); // longer than a request may take to come
  const answer = await untilClosed(socket);
  t.false(answer.includes('problem'));
});
