import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { brokerFor } from '../../support/broker.ts';
import {
  ask2,
  dial2,
  flag,
  frame,
  frames,
  frameType,
  headerBlock,
  request,
  session,
} from '../../support/http2.ts';

/** What a flood came to. */
interface Washed {
  /** Frames that we got rid of before the connection was cut. */
  readonly sent: number;
  /** Error code of the GOAWAY, if we saw one. */
  readonly code: number | undefined;
}

/** Writes frames until the connection is cut, or `most` have gone. */
async function flood(
  t: ExecutionContext,
  port: number,
  most: number,
  make: (n: number) => Buffer,
): Promise<Washed> {
  const socket = await dial2(t, port);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let code: number | undefined;
  const reading = (async () => {
    for await (const { type, payload } of frames(socket))
      if (type === frameType.goaway) code = payload.readUInt32BE(4);
  })().catch(() => {}); // a reset takes the GOAWAY along
  let sent = 0;
  for (; sent < most && socket.writable; sent += 1)
    if (!socket.write(make(sent))) await Promise.race([new Promise((r) => socket.once('drain', r)), closed]);
  await Promise.all([reading, closed]);
  return { sent, code };
}

const cancel = Buffer.from([0, 0, 0, 8]);
const begin = (n: number, path = '/boot.ipxe') =>
  frame(frameType.headers, flag.endHeaders | flag.endStream, 2 * n + 1, request(path));
const openHeaders = frame(frameType.headers, flag.endStream, 1, request('/boot.ipxe'));

const floods: readonly { name: string; most: number; make: (n: number) => Buffer }[] = [
  {
    name: 'rapid reset (CVE-2023-44487)',
    most: 1_000_000,
    make: (n) => Buffer.concat([begin(n), frame(frameType.rstStream, 0, 2 * n + 1, cancel)]),
  },
  {
    name: 'CONTINUATION (CVE-2024-27316)',
    most: 1_000_000,
    make: (n) =>
      n === 0
        ? openHeaders
        : frame(frameType.continuation, 0, 1, headerBlock({ [`x-${n}`]: 'y'.repeat(100) })),
  },
  {
    name: 'empty CONTINUATION',
    most: 1_000_000,
    make: (n) => (n === 0 ? openHeaders : frame(frameType.continuation, 0, 1)),
  },
  {
    name: 'full CONTINUATION',
    most: 100_000,
    make: (n) => {
      const fields = Array.from({ length: 140 }, (_, i) => [`x-${n}-${i}`, 'y'.repeat(100)]);
      return n === 0
        ? openHeaders
        : frame(frameType.continuation, 0, 1, headerBlock(Object.fromEntries(fields)));
    },
  },
  {
    name: 'settings',
    most: 1_000_000,
    make: () => frame(frameType.settings, 0, 0, Buffer.alloc(33 * 6, Buffer.from([0, 3, 0, 0, 0, 100]))),
  },
];

for (const { name, most, make } of floods)
  test(`a flood: ${name} is cut early, and costs neither memory nor anybody else's answer`, async (t) => {
    const broker = await brokerFor(t);
    const other = session(t, broker.bootPort);
    await ask2(other, '/healthz');
    const before = process.memoryUsage().rss;
    const { sent } = await flood(t, broker.bootPort, most, make);
    t.true(sent < most, `${sent} frames were taken`);
    t.true(process.memoryUsage().rss - before < 200_000_000);
    t.true(broker.log.length < 3_000, `${broker.log.length} requests got through`);
    t.is((await ask2(other, '/healthz')).status, 200);
    t.is((await broker.boot('/healthz')).status, 200);
    t.deepEqual(
      broker.log.filter(({ level }) => level === 'error'),
      [],
    );
  });

test('streams above the limit are refused, and whoever goes on is cut', async (t) => {
  const broker = await brokerFor(t);
  const client = session(t, broker.bootPort);
  await once(client, 'remoteSettings');
  t.like(client.remoteSettings, { maxConcurrentStreams: 256, maxHeaderListSize: 16_384 });
  const endless = frame.bind(undefined, frameType.headers, flag.endHeaders);
  const body = request('/report/up', { ':method': 'POST' });
  const { sent } = await flood(t, broker.bootPort, 100_000, (n) => endless(2 * n + 1, body));
  t.true(sent < 100_000);
  t.true(broker.log.length <= 256);
});

test('header fields of more than 16 KiB are refused by HTTP/2, and the connection goes on', async (t) => {
  const broker = await brokerFor(t);
  const client = session(t, broker.bootPort);
  await once(client, 'remoteSettings');
  await new Promise((resolve) => client.ping(resolve)); // the limit holds from when we have acknowledged it
  await t.throwsAsync(ask2(client, '/healthz', { headers: { 'x-long': 'y'.repeat(17_000) } }));
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x-${n}`, 'y']));
  await t.throwsAsync(ask2(client, '/healthz', { headers: many }));
  t.is((await ask2(client, '/healthz')).status, 200);
});
