import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { brokerFor, type LogLine } from '../../support/broker.ts';
import { ask, say, until } from '../../support/http.ts';
import { dial2, flag, frame, frameType, request, session } from '../../support/http2.ts';

const settings = { BROKER_ALLOWED_NETWORKS: '10.0.0.0/8', BROKER_TRUSTED_PROXIES: '127.0.0.9' };
/** What the log has at its usual level. */
const usual = (log: readonly LogLine[]) => log.filter(({ level }) => level !== 'debug');
const leftOut = async (broker: { parts: { metrics: { text(): Promise<string> } } }, plane: string) => {
  const text = await broker.parts.metrics.text();
  const [, count] =
    new RegExp(`^bootbroker_log_lines_left_out_total\\{plane="${plane}"\\} (\\d+)$`, 'm').exec(text) ?? [];
  return Number(count ?? 0);
};

/** Each way in which a stranger is refused, on the plane where it is. */
const refusals: Readonly<
  Record<string, { plane: 'boot' | 'admin'; ask: (port: number) => Promise<unknown> }>
> = {
  'by its network': { plane: 'boot', ask: (port) => ask(port, '/boot.ipxe') },
  'for a bad target': { plane: 'boot', ask: (port) => ask(port, '/a/../b') },
  'for two Host headers': {
    plane: 'boot',
    ask: (port) => say(port, 'GET /boot.efi HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'),
  },
  'for TLS to a port without': {
    plane: 'boot',
    ask: (port) => say(port, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  },
  'for what is no HTTP': { plane: 'admin', ask: (port) => say(port, 'SSH-2.0-x\r\n\r\n') },
  'without a token': { plane: 'admin', ask: (port) => ask(port, '/api/v1/machines') },
  'by a name that is not served': {
    plane: 'admin',
    ask: (port) => ask(port, '/', { headers: { Host: 'evil.example' } }),
  },
};

for (const [how, { plane, ask }] of Object.entries(refusals))
  test(`a stranger who is refused ${how} has one line in a minute, and the others are counted`, async (t) => {
    const broker = await brokerFor(t, { settings });
    const port = plane === 'boot' ? broker.bootPort : broker.adminPort;
    for (let n = 0; n < 20; n += 1) await ask(port);
    await until(() => broker.log.length >= 20);
    const lines = usual(broker.log);
    t.is(lines.length, 1, JSON.stringify(lines));
    t.like(lines[0], { level: 'info', plane, source: '127.0.0.1' });
    t.is(await leftOut(broker, plane), 19);
  });

test('whom an edge does not vouch for has one line; another source has its own', async (t) => {
  const key = Buffer.alloc(32, 7).toString('base64url');
  const keys = JSON.stringify([{ kid: 'a', key, networks: ['10.0.0.0/8'], capabilities: [] }]);
  const broker = await brokerFor(t, { settings: { BROKER_EDGE_KEYS: keys } });
  for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.1', '127.0.0.2'])
    t.is((await ask(broker.bootPort, '/boot.efi', { from })).status, 403);
  await until(() => broker.log.length >= 5);
  t.deepEqual(
    usual(broker.log).map(({ source }) => source),
    ['127.0.0.1', '127.0.0.2'],
  );
});

test('whoever is admitted has a line for each request, and nothing is left out', async (t) => {
  const broker = await brokerFor(t);
  for (let n = 0; n < 5; n += 1) await broker.boot('/grub.cfg');
  for (let n = 0; n < 5; n += 1) await broker.admin('/api/v1/machines/nothing');
  await until(() => usual(broker.log).length >= 10);
  t.is((await leftOut(broker, 'boot')) + (await leftOut(broker, 'admin')), 0);
});

/** What breaks RFC 9113, each in its own way. */
const faults: Readonly<Record<string, (t: ExecutionContext, port: number) => Promise<unknown>>> = {
  'more bytes than its Content-Length': async (t, port) => {
    const socket = await dial2(t, port);
    const fields = { ':method': 'POST', 'content-length': '3' };
    socket.write(frame(frameType.headers, flag.endHeaders, 1, request('/report/up', fields)));
    socket.write(frame(frameType.data, flag.endStream, 1, Buffer.from('more than three')));
    await once(socket.resume(), 'close');
  },
  'fewer bytes than its Content-Length': async (t, port) => {
    const socket = await dial2(t, port);
    const fields = { ':method': 'POST', 'content-length': '30' };
    socket.write(frame(frameType.headers, flag.endHeaders, 1, request('/report/up', fields)));
    socket.write(frame(frameType.data, flag.endStream, 1, Buffer.from('short')));
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.destroy();
  },
  'a stream that is reset in the middle of its body': async (t, port) => {
    const client = session(t, port);
    const stream = client.request({ ':method': 'POST', ':path': '/report/up?mac=52:54:00:00:00:01' });
    stream.on('error', () => {}).resume();
    const closed = once(stream, 'close');
    stream.write('half');
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.close(8);
    await closed;
  },
  'a frame of a wrong size': async (t, port) => {
    const socket = await dial2(t, port);
    socket.write(frame(frameType.rstStream, 0, 1, Buffer.alloc(3)));
    await once(socket.resume(), 'close');
  },
};
for (const [what, send] of Object.entries(faults))
  test(`by HTTP/2, ${what} is the client's error and none of ours`, async (t) => {
    const broker = await brokerFor(t, { settings: { BROKER_ALLOWED_NETWORKS: '127.0.0.0/8' } });
    for (let n = 0; n < 5; n += 1) await send(t, broker.bootPort);
    t.is((await broker.boot('/healthz')).status, 200);
    t.deepEqual(
      broker.log.filter(({ level, stack_trace }) => level === 'error' || level === 'warn' || stack_trace),
      [],
    );
  });
