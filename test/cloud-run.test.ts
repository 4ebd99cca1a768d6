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

test('PORT is the port of the only plane; probes answer there, by both protocols; the log names the trace', async (t) => {
  const PORT = await freePort();
  const env = { PORT: String(PORT), BROKER_ROLES: 'boot', BROKER_PROJECT: 'my-project' };
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
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  await ask2(client, '/nothing', { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
  await until(() => child.lines().some(({ path }) => path === '/nothing'));
  t.like(
    child.lines().find(({ path }) => path === '/nothing'),
    {
      level: 'info',
      severity: 'INFO',
      'logging.googleapis.com/trace': `projects/my-project/traces/${trace}`,
    },
  );
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
