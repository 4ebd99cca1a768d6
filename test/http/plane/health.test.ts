import { setTimeout as sleep } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { brokerFor, push } from '../../support/broker.ts';
import { askAsEdge, edgeKeysSetting } from '../../support/edge.ts';
import { type Answered, type Asking, ask, until } from '../../support/http.ts';
import { agents, mac, type Site, startSite } from '../site.ts';

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

test('with a token /metrics asks for it alone: no network, no edge, no hop, no host; and for it in any case', async (t) => {
  const token = 'a-token-for-the-metrics';
  const strict = { BROKER_METRICS_TOKEN: token, BROKER_ALLOWED_NETWORKS: '10.0.0.0/8' };
  const ways = [
    { ...strict, BROKER_BOOT_HOSTS: 'boot.example.org' },
    { ...strict, BROKER_EDGE_KEYS: edgeKeysSetting },
    { ...strict, BROKER_TRUSTED_PROXIES: '127.0.0.1' },
  ];
  for (const settings of ways) {
    const broker = await brokerFor(t, { settings });
    for (const port of [broker.bootPort, broker.adminPort]) {
      const asked = (given: string) =>
        ask(port, '/metrics', { headers: { Authorization: `Bearer ${given}`, Host: 'whatever.example' } });
      t.is((await asked(token)).status, 200);
      t.is((await asked('another-token-than-that')).status, 401);
    }
    t.not((await ask(broker.bootPort, '/openapi.json')).status, 200);
  }
  const open = await brokerFor(t, { settings: { BROKER_ALLOWED_NETWORKS: '10.0.0.0/8' } });
  t.is((await ask(open.bootPort, '/metrics')).status, 403);
});

test('BROKER_METRICS=off wins over a token: nothing is there, on either plane', async (t) => {
  const token = 'a-token-for-the-metrics';
  for (const settings of [
    { BROKER_METRICS: 'off' },
    { BROKER_METRICS: 'off', BROKER_METRICS_TOKEN: token },
  ]) {
    const broker = await brokerFor(t, { settings });
    for (const port of [broker.bootPort, broker.adminPort])
      for (const method of ['GET', 'HEAD', 'POST'])
        for (const headers of [{}, { Authorization: `Bearer ${token}` }])
          t.is((await ask(port, '/metrics', { method, headers })).status, 404, `${method} ${port}`);
  }
});

test('the number of labels is bounded, whatever is asked for', async (t) => {
  const series = async () =>
    (await site.boot('/metrics')).text.split('\n').filter((line) => /^bootbroker_/.test(line)).length;
  const ask = async (n: number) => {
    await site.boot(`/random-${n}`);
    await site.boot(`/m/52-54-00-00-00-${String(n % 100).padStart(2, '0')}/kernel`);
    await site.boot(`/report/stage-${n}?mac=${mac}`);
    await site.boot(`/kernels/image-${n}.img`, { userAgent: `agent-${n}/1` });
    await site.boot('/boot.ipxe', {
      method: ['PROPFIND', 'LOCK', 'MKCOL', 'SEARCH', 'PURGE'][n % 5] ?? 'LINK',
    });
    await site.admin(`/api/v1/machines/${n}`);
  };
  // At first there are more with each: a machine has not yet said all that it may, and what is done beside is done later.
  let n = 0;
  for (let rounds = 0; rounds < 10; rounds += 1) {
    const before = await series();
    for (const end = n + 30; n < end; n += 1) await ask(n);
    if ((await series()) === before) {
      t.pass();
      return;
    }
  }
  t.fail('with everything that is asked for there are more');
});

test('what is delivered is counted by row and plan', async (t) => {
  await site.boot('/kernels/debian.img', { userAgent: agents.ipxe });
  await site.boot('/kernels/debian.img', { userAgent: agents.grub });
  await site.boot('/kernels/debian.img', { userAgent: agents.grub, method: 'HEAD' });
  const { text } = await site.boot('/metrics');
  t.regex(text, /^bootbroker_deliveries_total\{client="ipxe-2",plan="redirect"\} 1$/m);
  t.regex(text, /^bootbroker_deliveries_total\{client="grub",plan="stream"\} 1$/m);
  const route = String.raw`route="/kernels/\{file\}"`;
  const sent = `plane="boot",${route},status_class="2xx",plan="stream"`;
  t.regex(text, new RegExp(`^bootbroker_response_bytes_total\\{${sent}\\} 300000$`, 'm'));
  t.regex(text, new RegExp(`^bootbroker_inferred_bytes_total\\{${route},plan="redirect"\\} 300000$`, 'm'));
  t.regex(text, /^bootbroker_decisions_total\{plan="redirect",reason="follows-redirects"\} 1$/m);
  t.regex(text, /^bootbroker_decisions_total\{plan="stream",reason="head"\} 1$/m);
  t.regex(text, /^bootbroker_decisions_total\{plan="stream",reason="no-redirects"\} 1$/m);
});

test('a request has one line, with all that was decided', async (t) => {
  const path = `/asset/${site.revision}/initrd/0`;
  const asked = await site.boot(`${path}?machine=${site.machine}`, { userAgent: agents.grub });
  const id = asked.headers['x-request-id'];
  t.regex(String(id), /^[0-9a-f-]{36}$/);
  const lines = () => site.log.filter(({ request_id }) => request_id === id);
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
    asset_name: 'initrd debian@12 for x86_64',
    size: 70_000,
    plan: 'stream',
    reason: 'grub does not follow redirects',
    bytes: 70_000,
  });
  t.true(Number(lines()[0]?.first_byte_ms) >= 0);
});

test('each line about an asset says which it is, its size, and the bytes that were sent', async (t) => {
  const path = `/asset/${site.revision}/initrd/0`;
  const edged = await brokerFor(t, { settings: { BROKER_EDGE_KEYS: edgeKeysSetting } });
  const bytes = Buffer.alloc(70_000);
  const pushed = await push(edged, { kind: 'initrd', name: 'debian', version: '12', bytes });
  const lineOf = async ({ headers }: Answered, log = site.log) => {
    const find = () => log.find(({ request_id }) => request_id === headers['x-request-id']);
    await until(() => find() !== undefined);
    return find() ?? {};
  };
  const about = { asset: site.initrd.id, asset_name: 'initrd debian@12 for x86_64', size: 70_000 };
  const { etag } = (await site.boot(path)).headers;
  const asked: readonly (readonly [Asking, object])[] = [
    [{ userAgent: agents.ipxe }, { ...about, plan: 'redirect', bytes: 0, inferred_bytes: 70_000 }],
    [
      { userAgent: agents.ipxe, headers: { Range: 'bytes=10-19' } },
      { ...about, plan: 'redirect', bytes: 0, inferred_bytes: 10 },
    ],
    [{ method: 'HEAD' }, { ...about, plan: 'stream', bytes: 0 }],
    [{}, { ...about, plan: 'stream', bytes: 70_000 }],
    [{ headers: { Range: 'bytes=10-19' } }, { ...about, plan: 'stream', bytes: 10 }],
    [{ headers: { 'If-None-Match': String(etag) } }, { ...about, status: 304, bytes: 0 }],
    [{ headers: { Range: 'bytes=70000-' } }, { ...about, status: 416, bytes: 0 }],
  ];
  for (const [asking, line] of asked) t.like(await lineOf(await site.boot(path, asking)), line);
  const target = '/assets/debian:12:x86_64/initrd';
  t.like(await lineOf(await askAsEdge(edged.bootPort, target, { capabilities: ['follow'] }), edged.log), {
    ...about,
    asset: pushed.id,
    plan: 'handoff',
    bytes: 0,
    inferred_bytes: 70_000,
  });
});

test('a request is named by trusted proxies alone: whoever else says a name could pass for another request', async (t) => {
  const settings = { BROKER_TRUSTED_PROXIES: '127.0.0.1', BROKER_ALLOWED_NETWORKS: '127.0.0.0/8' };
  const broker = await brokerFor(t, { settings });
  const idOf = async (port: number, id: string, from = '127.0.0.1') => {
    const headers = { 'X-Request-Id': id, 'X-Forwarded-For': '127.0.0.9' };
    return (await ask(port, '/openapi.json', { from, headers })).headers['x-request-id'];
  };
  for (const port of [broker.bootPort, broker.adminPort]) {
    t.is(await idOf(port, 'mine-1'), 'mine-1');
    t.regex(String(await idOf(port, 'not one\tof ours')), /^[0-9a-f-]{36}$/);
    t.regex(String(await idOf(port, 'mine-1', '127.0.0.2')), /^[0-9a-f-]{36}$/);
  }
});

test('however many ask whether it is ready, the stores are asked one question at a time, and one a second', async (t) => {
  let asked = 0;
  let atOnce = 0;
  let most = 0;
  const ping = async () => {
    asked += 1;
    atOnce += 1;
    most = Math.max(most, atOnce);
    await sleep(200);
    atOnce -= 1;
  };
  const broker = await brokerFor(t, {
    replace: ({ records, blobs }) => ({ records: { ...records, ping }, blobs: { ...blobs, ping } }),
  });
  const begun = performance.now();
  for (let n = 0; n < 20; n += 1)
    for (const { status } of await Promise.all(Array.from({ length: 20 }, () => broker.boot('/readyz'))))
      t.is(status, 200);
  const seconds = Math.ceil((performance.now() - begun) / 1000);
  t.is(most, 2, 'the records and the storage');
  t.true(asked <= 2 * (seconds + 1), `${asked} questions in ${seconds} s`);
});

test('a store that does not answer is asked once, and is down for whoever waits', async (t) => {
  let asked = 0;
  const ping = () => {
    asked += 1;
    return new Promise<void>(() => {});
  };
  const broker = await brokerFor(t, { replace: ({ blobs }) => ({ blobs: { ...blobs, ping } }) });
  for (const { status, json } of await Promise.all(Array.from({ length: 5 }, () => broker.boot('/readyz'))))
    t.deepEqual([status, json], [503, { status: 'error', records: 'ok', storage: 'down' }]);
  t.is((await broker.boot('/readyz')).status, 503);
  t.is(asked, 1);
});
