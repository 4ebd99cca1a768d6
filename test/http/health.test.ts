import anyTest, { type TestFn } from 'ava';
import { adminRoutes } from '../../src/http/admin.ts';
import { bootRoutes } from '../../src/http/routes.ts';
import { brokerFor } from '../support/broker.ts';
import { ask, until } from '../support/http.ts';
import { agents, mac, type Site, startSite } from './site.ts';

// One after the other: the counters are shared.
const { serial: test, before, after } = anyTest as TestFn<Site>;
let site: Site;
before(async () => {
  site = await startSite();
});
after.always(() => site?.close());

test('probes answer on every listener, to everybody, without a token', async (t) => {
  const strict = await brokerFor(t, { settings: { BROKER_ALLOWED_NETWORKS: '10.0.0.0/8' } });
  for (const port of [strict.bootPort, strict.adminPort, strict.parts.localgcs.port])
    for (const path of ['/healthz', '/readyz', '/health/liveness', '/health/startup']) {
      t.like(await ask(port, path, { headers: { Host: 'whatever.example' } }), { status: 200 }, path);
      t.is((await ask(port, path, { method: 'HEAD' })).status, 200);
    }
});

test('/readyz says that records and storage answer', async (t) => {
  t.deepEqual((await site.boot('/readyz')).json, { status: 'ok', records: 'ok', storage: 'ok' });
});

test('/metrics is open unless there is a token for it, and then to that token alone', async (t) => {
  const { status, headers, text } = await site.boot('/metrics');
  t.is(status, 200);
  t.regex(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  t.regex(text, /^bootbroker_requests_total\{/m);
  const token = 'a-token-for-the-metrics';
  const closed = await brokerFor(t, { settings: { BROKER_METRICS_TOKEN: token } });
  for (const port of [closed.bootPort, closed.adminPort]) {
    const asked = async (authorization?: string) =>
      (await ask(port, '/metrics', authorization ? { headers: { Authorization: authorization } } : {}))
        .status;
    t.is(await asked(), 401);
    t.is(await asked(`Bearer ${closed.parts.adminToken}`), 401);
    t.is(await asked(`Bearer ${token}`), 200);
  }
});

test('the number of labels is bounded, whatever is asked for', async (t) => {
  const series = async () =>
    (await site.boot('/metrics')).text.split('\n').filter((line) => /^bootbroker_/.test(line)).length;
  const ask = async (n: number) => {
    await site.boot(`/random-${n}`);
    await site.boot(`/m/52-54-00-00-00-${String(n).padStart(2, '0')}/kernel`);
    await site.boot(`/report/stage-${n}?mac=${mac}`);
    await site.boot(`/kernels/image-${n}.img`, { userAgent: `agent-${n}/1` });
    await site.boot('/boot.ipxe', {
      method: ['PROPFIND', 'LOCK', 'MKCOL', 'SEARCH', 'PURGE'][n % 5] ?? 'LINK',
    });
    await site.admin(`/api/v1/machines/${n}`);
  };
  for (const n of [0, 1, 2, 3, 4]) await ask(n);
  const before = await series();
  for (let n = 5; n < 30; n += 1) await ask(n);
  t.is(await series(), before);
});

test('what is delivered is counted by row and plan', async (t) => {
  await site.boot('/kernels/debian.img', { userAgent: agents.ipxe });
  await site.boot('/kernels/debian.img', { userAgent: agents.grub });
  await site.boot('/kernels/debian.img', { userAgent: agents.grub, method: 'HEAD' });
  const { text } = await site.boot('/metrics');
  t.regex(text, /^bootbroker_deliveries_total\{client="ipxe-2",plan="redirect"\} 1$/m);
  t.regex(text, /^bootbroker_deliveries_total\{client="grub",plan="stream"\} 1$/m);
  t.regex(text, /^bootbroker_asset_bytes_total\{plan="stream"\} 300000$/m);
});

test('a request has one line, with all that was decided', async (t) => {
  const path = `/asset/${site.revision}/initrd/0`;
  await site.boot(`${path}?machine=${site.machine}`, {
    userAgent: agents.grub,
    headers: { 'X-Request-Id': 'mine-1' },
  });
  const lines = () => site.log.filter(({ request_id }) => request_id === 'mine-1');
  await until(() => lines().length > 0);
  t.is(lines().length, 1);
  t.like(lines()[0], {
    level: 'info',
    plane: 'boot',
    method: 'GET',
    path,
    status: 200,
    source: '127.0.0.1',
    user_agent: agents.grub,
    client: 'grub',
    machine: site.machine,
    revision: site.revision,
    asset: site.initrd.id,
    plan: 'stream',
    reason: 'grub does not follow redirects',
    bytes: 70_000,
  });
  t.true(Number(lines()[0]?.first_byte_ms) >= 0);
  const { headers } = await site.boot('/nothing', { headers: { 'X-Request-Id': 'not one\tof ours' } });
  t.regex(String(headers['x-request-id']), /^[0-9a-f-]{36}$/);
});

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

test('openapi.json names every route, and each is whole', async (t) => {
  const { headers, json } = await site.boot('/openapi.json');
  t.regex(headers['content-type'] ?? '', /^application\/json/);
  t.deepEqual((await ask(site.adminPort, '/openapi.json')).json, json);
  t.is(json.openapi, '3.1.0');
  t.truthy(json.info.title && json.info.version);
  const paths = json.paths as Record<string, Record<string, Operation>>;
  for (const { path } of bootRoutes) t.truthy(paths[path.replace(/:(\w+)/g, '{$1}')]?.get, path);
  for (const { path, method } of adminRoutes) t.truthy(paths[path]?.[method], `${method} ${path}`);
  for (const path of ['/report/{stage}', '/healthz', '/readyz', '/metrics', '/openapi.json'])
    t.truthy(paths[path]?.get, path);
  for (const [path, item] of Object.entries(paths))
    for (const [method, { summary, parameters = [], responses }] of Object.entries(item)) {
      const what = `${method} ${path}`;
      t.truthy(summary, what);
      t.true(
        Object.values(responses).every(({ description }) => description.length > 0),
        what,
      );
      t.true(
        Object.keys(responses).every((status) => /^(default|[1-5]\d\d)$/.test(status)),
        what,
      );
      const inPath = parameters.filter((one) => one.in === 'path');
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      t.deepEqual(
        inPath.map(({ name }) => name),
        named as string[],
        what,
      );
      t.true(
        inPath.every(({ required }) => required),
        what,
      );
      t.is(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size, parameters.length, what);
    }
  for (const reference of JSON.stringify(json).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = reference[1]
      ?.split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], json);
    t.truthy(found, reference[1]);
  }
  const body = paths['/api/v1/machines']?.post as unknown as {
    requestBody: { content: Record<string, { schema: object }> };
  };
  t.like(body.requestBody.content['application/json']?.schema, {
    type: 'object',
    additionalProperties: false,
  });
});
