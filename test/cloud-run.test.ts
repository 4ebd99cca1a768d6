import { once } from 'node:events';
import { constants, type IncomingHttpHeaders } from 'node:http2';
import test, { type ExecutionContext } from 'ava';
import { askAdmin, push } from './support/broker.ts';
import { type Child, startChild, timeless } from './support/child.ts';
import { askAsEdge, edgeKeysSetting } from './support/edge.ts';
import { freePort } from './support/free-port.ts';
import { ask, dial, until, untilClosed } from './support/http.ts';
import { ask2, session } from './support/http2.ts';
import { within } from './support/patience.ts';

const kernel = '/assets/k:1:x86_64/kernel';
const token = 'the-token-of-this-test';
const size = 40_000_000;

/** A broker of its own process with an asset that takes a while. */
async function broker(t: ExecutionContext, env: Readonly<Record<string, string>> = {}) {
  const child = await startChild(t, { env: { BROKER_ADMIN_TOKEN: token, ...env } });
  const { boot, admin } = await child.ready;
  const api = { admin: (target: string, json?: unknown) => askAdmin(admin, token, target, json) };
  await push(api, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(size) });
  return { child, boot };
}

const stopping = (child: Child) =>
  until(() => child.lines().some(({ message }) => String(message).startsWith('stopping')));

test('PORT is the port of the only plane; probes answer there, by both protocols', async (t) => {
  const PORT = await freePort();
  const env = { PORT: String(PORT), BROKER_ROLES: 'boot' };
  const child = await startChild(t, { env });
  t.deepEqual(Object.keys(await child.ready).sort(), ['boot', 'storage']);
  t.is((await child.ready).boot, PORT);
  const client = session(t, PORT);
  // What asks the storage loads its client first, which on a busy machine takes longer than a probe waits.
  await until(async () => (await ask(PORT, '/readyz')).status === 200);
  for (const probe of ['/health/startup', '/health/liveness', '/healthz', '/readyz']) {
    t.is((await ask(PORT, probe)).status, 200, probe);
    t.is((await ask2(client, probe)).status, 200, probe);
  }
});

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const front = { 'X-Cloud-Trace-Context': `${trace}/${0x00f067aa0ba902b7n};o=1` };
const named = {
  'logging.googleapis.com/trace': `projects/my-project/traces/${trace}`,
  'logging.googleapis.com/spanId': '00f067aa0ba902b7',
};
const lineOf = async (child: Child, wanted: string) => {
  await until(() => child.lines().some(({ path }) => path === wanted));
  return child.lines().find(({ path }) => path === wanted);
};

test("on Cloud Run the log names the trace of Google's front, of requests that an edge vouches for and of administrators", async (t) => {
  const cloud = { K_SERVICE: 'boot', BROKER_PROJECT: 'my-project', BROKER_ADMIN_TOKEN: token };
  const child = await startChild(t, { env: { ...cloud, BROKER_EDGE_KEYS: edgeKeysSetting } });
  const { boot, admin } = await child.ready;
  await askAsEdge(boot, '/autoexec.ipxe', {}, { headers: front });
  t.like(await lineOf(child, '/autoexec.ipxe'), { severity: 'INFO', ...named });
  await ask(boot, '/not-vouched', { headers: front });
  t.false((Object.keys(named)[0] as string) in ((await lineOf(child, '/not-vouched')) ?? {}));
  await askAdmin(admin, token, '/api/v1/machines', undefined, { headers: front });
  t.like(await lineOf(child, '/api/v1/machines'), named);
  await askAdmin(admin, 'a-token-of-nobody-at-all', '/api/v1/rules', undefined, { headers: front });
  t.false((Object.keys(named)[0] as string) in ((await lineOf(child, '/api/v1/rules')) ?? {}));
});

test('elsewhere it believes a trusted proxy alone: no client chooses under which trace its lines stand', async (t) => {
  const env = { BROKER_PROJECT: 'my-project', BROKER_ADMIN_TOKEN: token };
  const child = await startChild(t, { env });
  const { boot, admin } = await child.ready;
  const headers = { ...front, traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  await ask(boot, '/autoexec.ipxe', { headers });
  await askAdmin(admin, token, '/api/v1/machines', undefined, { headers });
  await lineOf(child, '/autoexec.ipxe');
  await lineOf(child, '/api/v1/machines');
  t.false(child.stdout().includes(trace));
  const behind = await startChild(t, { env: { ...env, BROKER_TRUSTED_PROXIES: '127.0.0.1/32' } });
  const ports = await behind.ready;
  await ask(ports.boot, '/autoexec.ipxe', { headers: { ...headers, 'X-Forwarded-For': '192.168.7.20' } });
  t.like(await lineOf(behind, '/autoexec.ipxe'), named);
  await askAdmin(ports.admin, token, '/api/v1/machines', undefined, { headers });
  t.like(await lineOf(behind, '/api/v1/machines'), named);
});

test('on Cloud Run the boot plane believes edges alone: a header opens it, and without keys it does not start', async (t) => {
  const env = { K_SERVICE: 'boot', PORT: String(await freePort()), BROKER_ROLES: 'boot' };
  const child = await startChild(t, { env: { ...env, BROKER_EDGE_KEYS: edgeKeysSetting } });
  const { boot } = await child.ready;
  t.is((await ask(boot, '/autoexec.ipxe')).status, 403);
  t.is((await ask(boot, '/autoexec.ipxe', { headers: { 'X-Forwarded-For': '192.168.7.20' } })).status, 403);
  t.is((await askAsEdge(boot, '/autoexec.ipxe')).status, 200);
  t.is((await ask(boot, '/healthz')).status, 200);
  const without = await startChild(t, { env });
  t.is(await without.ended, 2);
  t.regex(without.stderr(), /^bootbroker: BROKER_EDGE_KEYS or BROKER_TRUSTED_PROXIES must be set/m);
});

test('SIGTERM lets a running HTTP/2 transfer end, and waits for nothing else', async (t) => {
  const { child, boot } = await broker(t, timeless);
  const [busy, idle] = [session(t, boot), session(t, boot)];
  await ask2(idle, '/healthz');
  const stream = busy.request({ ':path': kernel });
  await once(stream, 'response');
  child.kill('SIGTERM');
  await stopping(child);
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  t.is(bytes, size);
  t.is(await within('its end', child.ended), 0);
});

test('SIGTERM cuts what has not ended after 10 s, by both protocols, and not in a way that looks like an end', async (t) => {
  const { child, boot } = await broker(t);
  const old = await dial(boot, `GET ${kernel} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await new Promise((resolve) => old.once('readable', resolve)); // and nothing more of it is read
  const stream = session(t, boot).request({ ':path': kernel });
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  t.is(answer['content-length'], String(size));
  const told = performance.now();
  child.kill('SIGTERM');
  t.is(await child.ended, 0);
  t.true(performance.now() - told > 9_000);
  let bytes = 0;
  stream.on('error', () => {});
  try {
    for await (const chunk of stream) bytes += chunk.length;
    t.not(stream.rstCode, constants.NGHTTP2_NO_ERROR);
  } catch (error) {
    t.truthy(error);
  }
  t.true(bytes < size);
  t.true((await untilClosed(old)).length < size);
});
