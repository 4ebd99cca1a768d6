import anyTest, { type TestFn } from 'ava';
import { addMachine, addProfile, brokerFor, push } from '../../support/broker.ts';
import { ask, say } from '../../support/http.ts';
import { agents, mac, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
test.before(async () => {
  site = await startSite({ settings: { BROKER_ADMIN_HOSTS: 'boot.example' } });
});
test.after.always(() => site?.close());

test('who has no token, or another, gets on to nothing: not even to having a body read', async (t) => {
  const body = Buffer.alloc(10_000_000, 'x');
  for (const authorization of [
    undefined,
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    `Basic ${site.parts.adminToken}`,
    `Bearer ${site.parts.adminToken}x`,
  ])
    for (const [method, path] of [
      ['POST', '/api/v1/machines'],
      ['GET', '/api/v1/assets'],
      ['GET', '/nothing'],
    ] as const) {
      const headers = {
        ...(authorization && { Authorization: authorization }),
        'Content-Type': 'application/json',
      };
      const got = await ask(site.adminPort, path, { method, headers, ...(method === 'POST' && { body }) });
      t.is(got.status, 401, authorization);
      t.is(got.headers['www-authenticate'], 'Bearer');
      t.is(got.json.type, problem('unauthenticated'));
      t.false(got.text.includes(site.parts.adminToken));
    }
});

test('a name that is not ours is misdirected: a page in a browser could have made it resolve to us', async (t) => {
  const status = async (host: string) =>
    (await site.admin('/api/v1/machines', undefined, { headers: { Host: host } })).status;
  for (const host of [
    'localhost',
    'LOCALHOST:8081',
    '127.0.0.1:1',
    '[::1]:8081',
    'boot.example:8081',
    '10.0.0.1',
  ])
    t.is(await status(host), 200, host);
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'boot.example.evil',
    '127.0.0.1.evil',
    '[x]',
    'a:b:c',
  ])
    t.is(await status(host), 421, host);
  for (const headers of ['', 'Host:\r\n'])
    t.regex(await say(site.adminPort, `GET /api/v1/machines HTTP/1.0\r\n${headers}\r\n`), /^HTTP\/1\.1 421 /);
});

test('bodies are JSON, and every mistake in one is named', async (t) => {
  const post = (body: string, type = 'application/json') =>
    site.admin('/api/v1/machines', undefined, { method: 'POST', body, headers: { 'Content-Type': type } });
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data',
    'application/jsonx',
    '',
  ]) {
    const { status, json } = await post('{}', type);
    t.deepEqual([status, json.type], [415, problem('unsupported-media-type')], type);
  }
  for (const body of ['', '{', '{"macs": [secret]}', 'null,', '\ufeff{}']) {
    const { status, json } = await post(body);
    t.deepEqual([status, json.type], [400, problem('bad-input')], body);
    t.false(json.detail.includes('secret'));
  }
  t.is((await post(`{"macs":["${mac}"]}`, 'Application/JSON; charset=utf-8')).status, 409);
  const { json } = await post(
    '{"macs":["nonsense"],"uuid":"0","colour":"red","labels":{"a b":"c"},"networks":["10.0.0.1/8"]}',
  );
  for (const name of ['body.macs.0', 'body.uuid', 'colour', 'body.labels', 'body.networks.0'])
    t.true(json.detail.includes(name), name);
  t.is((await post('[]')).status, 400);
  t.is((await post('null')).status, 400);
  const { status } = await post(`{"macs":[${'"x",'.repeat(400_000)}"x"]}`);
  t.is(status, 413);
});

test('a machine is registered under all that it may be called, in one spelling', async (t) => {
  const uuid = '0A1B2C3D-0000-4000-8000-00000000000F';
  const wanted = {
    name: 'rack-1',
    macs: ['52-54-00-00-02-01', '525400000201', '5254.0000.0202'],
    uuid,
    serial: 'SN 2',
    labels: { site: 'home', __proto__x: 'y' },
    networks: ['10.0.0.0/8'],
    hardware: {
      cpus: [{ model: 'x', cores: 8 }],
      memory: 1024,
      nics: [{ mac: '52-54-00-00-02-01' }],
      drives: [{ size: 1 }],
    },
  };
  const { status, headers, json } = await site.admin('/api/v1/machines', wanted);
  t.is(status, 201);
  t.is(headers.location, `/api/v1/machines/${json.id}`);
  t.is(headers['cache-control'], 'no-store');
  t.like(json, {
    name: 'rack-1',
    uuid: uuid.toLowerCase(),
    serial: 'SN 2',
    history: [],
    networks: ['10.0.0.0/8'],
  });
  t.deepEqual(json.macs, ['52:54:00:00:02:01', '52:54:00:00:02:02']);
  t.deepEqual((await site.admin(headers.location ?? '')).json, json);
  t.deepEqual((await site.admin('/api/v1/machines?mac=525400000202')).json, { items: [json] });
  t.deepEqual((await site.admin('/api/v1/machines?mac=52:54:00:00:02:99')).json, { items: [] });
  t.is((await site.admin('/api/v1/machines?mac=x')).status, 400);
  t.is((await site.admin('/api/v1/machines/nobody')).json.type, problem('unknown-machine'));
});

test('a MAC belongs to one machine: whoever claims it as well changes nothing', async (t) => {
  const { id } = await addMachine(site, { macs: ['52:54:00:00:03:01'] });
  const { status, json } = await site.admin('/api/v1/machines', {
    macs: ['52:54:00:00:03:02', '52-54-00-00-03-01'],
  });
  t.deepEqual([status, json.type], [409, problem('mac-taken')]);
  t.true(json.detail.includes('52:54:00:00:03:01') && json.detail.includes(id));
  t.deepEqual((await site.admin('/api/v1/machines?mac=52:54:00:00:03:02')).json.items, []);
});

test('a machine by which nothing could ever be recognised is refused', async (t) => {
  t.is((await site.admin('/api/v1/machines', {})).status, 400);
  t.is((await site.admin('/api/v1/machines', { name: 'x', macs: [] })).status, 400);
  t.is((await site.admin('/api/v1/machines', { serial: 'SN 3' })).status, 201);
});

test('a profile needs one thing to start, whose assets are ready, of the architecture of its machine', async (t) => {
  const type = async (profile: object) => (await site.admin('/api/v1/profiles', profile)).json.type;
  t.is(await type({ name: 'p' }), problem('bad-input'));
  t.is(await type({ name: 'p', kernel: 'debian@12', efi: 'ipxe@1' }), problem('bad-input'));
  t.is(await type({ name: 'p', efi: 'ipxe@1', initrds: ['debian@12'] }), problem('bad-input'));
  t.is(await type({ name: 'p', kernel: 'debian' }), problem('bad-input'));
  t.is(await type({ name: 'p', kernel: 'debian@12', cmdline: 'a || b' }), problem('bad-input'));
  t.is(await type({ name: 'p', kernel: 'debian@12', colour: 'red' }), problem('bad-input'));
  t.is(await type({ name: '..', kernel: 'debian@12' }), problem('bad-input'));
  t.is(await type({ name: 'p', kernel: 'debian@12', machine_id: 'nobody' }), problem('unknown-machine'));
  t.is(await type({ name: 'p', kernel: 'debian@13' }), problem('asset-not-ready'));
  const bytes = Buffer.from('x');
  const announced = {
    kind: 'kernel',
    name: 'slow',
    version: '1',
    arch: 'x86_64',
    size: 1,
    crc32c: 'AAAAAA==',
  };
  t.is((await site.admin('/api/v1/uploads', announced)).status, 201);
  const { status, json } = await site.admin('/api/v1/profiles', {
    name: 'p',
    kernel: 'slow@1',
    initrds: ['debian@12', 'debian@99'],
  });
  t.deepEqual([status, json.type], [422, problem('asset-not-ready')]);
  t.regex(json.detail, /kernel slow@1 for x86_64 is created.*initrd debian@99/s);

  for (const [arch, status] of [
    ['arm64', 422],
    ['constructor', 201],
  ] as const) {
    const { id } = await addMachine(site, { serial: `arch ${arch}`, labels: { arch } });
    t.is(
      (await site.admin('/api/v1/profiles', { name: 'p', kernel: 'debian@12', machine_id: id })).status,
      status,
      arch,
    );
  }
  await push(site, { kind: 'kernel', name: 'arm', arch: 'arm64', bytes });
  const { id } = await addMachine(site, { serial: 'aarch64', labels: { arch: 'aarch64' } });
  t.like(await addProfile(site, { name: 'p', kernel: 'arm@1', machine_id: id }), { arch: 'arm64' });
});

test('a profile moves its machine on, and the machine remembers what it had', async (t) => {
  const { id } = await addMachine(site, { macs: ['52:54:00:00:04:01'] });
  const [one, two] = [
    await addProfile(site, { name: 'p', machine_id: id, kernel: 'debian@12', cmdline: 'one' }),
    await addProfile(site, {
      name: 'p',
      machine_id: id,
      kernel: 'debian@12',
      cmdline: 'two',
      metadata: { a: [1, { b: null }] },
    }),
  ];
  const { json } = await site.admin(`/api/v1/machines/${id}`);
  t.is(json.active, two.id);
  t.deepEqual(
    json.history.map(({ revision }: { revision: string }) => revision),
    [one.id, two.id],
  );
  t.like((await site.admin(`/api/v1/profiles/${one.id}`)).json, {
    cmdline: 'one',
    kernel: { sha256: site.kernel.sha256 },
  });
  t.deepEqual((await site.admin(`/api/v1/profiles/${two.id}`)).json.metadata, { a: [1, { b: null }] });
  const { text } = await site.boot('/boot.ipxe?mac=52-54-00-00-04-01', { userAgent: agents.ipxe });
  t.regex(text, /^kernel .* two \|\|/m);
});

test('nesting without end is a mistake in the request, not a defect of ours', async (t) => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const body = `{"name":"p","kernel":"debian@12","metadata":{"a":${deep}}}`;
  t.is((await site.admin('/api/v1/profiles', undefined, { method: 'POST', body })).status, 400);
});

test('lists come page by page, and a cursor that no page had is 400', async (t) => {
  const broker = await brokerFor(t);
  const ids = [];
  for (const n of [1, 2, 3, 4, 5]) ids.push((await addMachine(broker, { serial: `SN ${n}` })).id);
  const seen: string[] = [];
  let next: string | undefined;
  do {
    const { json } = await broker.admin(`/api/v1/machines?limit=2${next ? `&cursor=${next}` : ''}`);
    t.true(json.items.length <= 2);
    seen.push(...json.items.map(({ id }: { id: string }) => id));
    next = json.next;
  } while (next);
  t.deepEqual(seen, ids);
  for (const list of ['machines', 'assets', 'profiles', 'boots'])
    for (const query of [
      'cursor=x',
      'cursor=',
      'cursor=LTE',
      'limit=0',
      'limit=1001',
      'limit=x',
      'limit=1&limit=2',
      'colour=red',
    ]) {
      const { status, json } = await broker.admin(`/api/v1/${list}?${query}`);
      t.deepEqual([status, json.type], [400, problem('bad-input')], `${list} ${query}`);
    }
});

test('lists of assets can be narrowed', async (t) => {
  const names = async (query: string) =>
    (await site.admin(`/api/v1/assets?${query}`)).json.items.map(({ kind }: { kind: string }) => kind);
  t.deepEqual(await names('name=debian&version=12'), ['kernel', 'initrd']);
  t.deepEqual(await names('kind=efi&state=ready'), ['efi']);
  t.is((await site.admin('/api/v1/assets?kind=floppy')).status, 400);
  t.is((await site.admin(`/api/v1/assets/${site.kernel.id}`)).json.sha256, site.kernel.sha256);
  t.is((await site.admin('/api/v1/assets/nothing')).status, 404);
});

test('explain says who is asking, what they boot, by which row of the table, and how', async (t) => {
  const explain = async (query: Record<string, string>) =>
    (await site.admin(`/api/v1/explain?${new URLSearchParams(query)}`)).json;
  const ipxe = await explain({ mac, user_agent: agents.ipxe, source: '::ffff:10.0.0.1' });
  t.is(ipxe.machine.id, site.machine);
  t.is(ipxe.revision.id, site.revision);
  t.like(ipxe.client, { id: 'ipxe-2', evidence: { kind: 'source' } });
  t.deepEqual(ipxe.source, {
    address: '10.0.0.1',
    via: 'peer',
    admitted: true,
    reason: "it is the socket's other end",
    machine_boots_from_here: true,
  });
  t.like(await explain({ mac, source: '8.8.8.8' }), { source: { admitted: false } });
  t.true(ipxe.boot_url.script.includes(site.revision));
  t.like(ipxe, { plan: 'redirect', reason: 'ipxe-2 follows redirects' });
  t.deepEqual(
    ipxe.assets.map(({ plan }: { plan: string }) => plan),
    ['redirect', 'redirect'],
  );
  const grub = await explain({ mac, user_agent: agents.grub });
  t.deepEqual(
    grub.assets.map(({ plan }: { plan: string }) => plan),
    ['stream', 'stream'],
  );
  t.like(await explain({ mac: '52:54:00:99:99:99' }), {
    machine: null,
    plan: 'stream',
    boot_url: { plan: 'stream' },
  });
  t.like(await explain({ mac: '52:54:00:99:99:99', user_agent: agents.ipxe }), {
    machine: null,
    plan: 'refuse',
  });
  t.regex((await explain({ user_agent: agents.ipxe })).boot_url.script, /^chain .*mac=/m);
  t.regex(ipxe.assets[0].signed_url, /X-Goog-Signature=\*\*\*$/);
  t.notRegex(JSON.stringify([ipxe, grub]), /X-Goog-Signature=[^*]/);
  t.is((await site.admin('/api/v1/explain?source=nonsense')).status, 400);
});

test('what is not served is 404, what is served otherwise is 405', async (t) => {
  t.is((await site.admin('/api/v1/nothing')).json.type, problem('no-such-route'));
  for (const [path, method, allow] of [
    ['/api/v1/machines', 'DELETE', 'POST, HEAD, GET'],
    ['/api/v1/machines/x', 'POST', 'HEAD, GET, PUT, DELETE'],
    ['/api/v1/uploads', 'DELETE', 'POST, HEAD, GET'],
    ['/api/v1/uploads/x/complete', 'OPTIONS', 'POST'],
  ] as const) {
    const { status, headers } = await site.admin(path, undefined, { method });
    t.deepEqual([status, headers.allow], [405, allow], `${method} ${path}`);
  }
  const { status, body, headers } = await site.admin('/api/v1/machines', undefined, { method: 'HEAD' });
  t.deepEqual([status, body.length], [200, 0]);
  t.is(headers['access-control-allow-origin'], undefined);
});
