import anyTest, { type TestFn } from 'ava';
import { brokerFor, push } from '../../support/broker.ts';
import { ask, dial, say, until, untilClosed } from '../../support/http.ts';
import { ask2, session } from '../../support/http2.ts';
import { agents, mac, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const raw = (requestLine: string, headers = 'Host: a\r\n') =>
  `${requestLine}\r\n${headers}Connection: close\r\n\r\n`;

const targets: readonly (readonly [what: string, target: string])[] = [
  ['a climb', '/asset/../healthz'],
  ['a climb at the end', '/asset/x/..'],
  ['a dot', '/asset/./kernel'],
  ['an encoded climb', '/asset/%2e%2e/kernel'],
  ['a climb by encoded slashes', '/asset/x%2F..%2Fy/kernel'],
  ['a double-encoded climb', '/asset/%252e%252e%252fetc/kernel'],
  ['a backslash', '/asset/..\\..\\etc/kernel'],
  ['an encoded backslash', '/asset/%5c..%5c/kernel'],
  ['a NUL', '/asset/x%00/kernel'],
  ['an empty segment inside', '/asset//kernel'],
  ['malformed percent-encoding', '/asset/%zz/kernel'],
  ['percent-encoding that is no UTF-8', '/asset/%ff/kernel'],
  ['a fragment', '/boot.ipxe#x'],
  ['a fragment in the query', '/boot.ipxe?mac=52:54:00:aa:bb:01#x'],
  ['a variable', '/m/${net0/mac}/boot.ipxe'],
  ['an empty segment by an encoded slash', '/%2Fhealthz'],
  ['an absolute URL that is none', 'http://[x'],
  ['an absolute URL without a host', 'http:///healthz'],
  ['an absolute URL with a name and password', 'http://127.0.0.1:x@evil.example/healthz'],
  ['an absolute URL of another scheme', 'https://127.0.0.1/healthz'],
  ['an absolute URL that climbs', 'http://127.0.0.1/asset/../healthz'],
  ['an absolute URL with a fragment', 'http://127.0.0.1/healthz#x'],
  ['a star', '*'],
  ['more than 4096 characters', `/${'a'.repeat(4096)}`],
];
for (const [what, target] of targets)
  test(`a request target with ${what} is refused, on both planes, and nothing happens`, async (t) => {
    for (const port of [site.bootPort, site.adminPort]) {
      const answer = await say(port, raw(`${what === 'a star' ? 'OPTIONS' : 'GET'} ${target} HTTP/1.1`));
      t.regex(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      t.regex(answer, /\r\nContent-Type: application\/problem\+json\r\n/);
      t.regex(answer, /"type":"urn:bootbroker:problem:bad-request-target"/);
    }
  });

test('on the admin plane a query that cannot be decoded is refused', async (t) => {
  for (const query of ['mac=%4', 'x=%ff', 'x=100%'])
    t.regex(
      await say(site.adminPort, raw(`GET /api/v1/machines?${query} HTTP/1.1`)),
      /^HTTP\/1\.1 400 [\s\S]*bad-request-target/,
    );
});

test('an absolute target is answered as if its host had been the Host (RFC 9112 section 3.2.2)', async (t) => {
  const status = async (port: number, target: string, headers = 'Host: a\r\n') =>
    Number((await say(port, raw(`GET ${target} HTTP/1.1`, headers))).slice(9, 12));
  for (const host of ['http://127.0.0.1:8080', 'HTTP://Broker.example', 'http://[::1]:80', 'http://a:']) {
    t.is(await status(site.bootPort, `${host}/boot.efi`), 200, host);
    t.is(await status(site.bootPort, `${host}/boot.ipxe?mac=${mac}`), 200, host);
  }
  t.is(await status(site.bootPort, 'http://a'), 404);
  t.is(await status(site.bootPort, 'http://a?x=1'), 404);
  t.is(await status(site.bootPort, 'http://a/boot.efi', ''), 400, 'HTTP/1.1 needs a Host all the same');
  // The admin plane asks whose name it is: the target's, whatever Host says.
  const machines = (host: string, header: string) =>
    status(
      site.adminPort,
      `http://${host}/api/v1/machines`,
      `Host: ${header}\r\nAuthorization: Bearer ${site.parts.adminToken}\r\n`,
    );
  t.is(await machines('127.0.0.1:1', 'evil.example'), 200);
  t.is(await machines('localhost', 'localhost'), 200);
  t.is(await machines('evil.example', '127.0.0.1'), 421);
  t.is(await machines('evil.example', 'localhost'), 421);
});

test('the host of an absolute target says nothing of the client: it gets what it gets without', async (t) => {
  const client = async (line: string) => {
    const from = site.log.length;
    await say(site.bootPort, `${line}\r\n\r\n`);
    const done = () => site.log.slice(from).find(({ path }) => path === '/kernels/debian.img');
    await until(done);
    return done()?.client;
  };
  const bare = await client('GET /kernels/debian.img HTTP/1.0');
  t.is(bare, 'u-boot');
  t.is(await client('GET http://a/kernels/debian.img HTTP/1.0'), bare);
});

test('slashes before the path are one on the boot plane, as shims and relays join them; nowhere else', async (t) => {
  for (const path of [
    '//boot.efi',
    '///boot.efi',
    '//m/52-54-00-aa-bb-01/boot.ipxe',
    '//evil.example/boot.efi',
  ]) {
    const one = await say(site.bootPort, raw(`GET ${path.replace(/^\/+/, '/')} HTTP/1.1`));
    const more = await say(site.bootPort, raw(`GET ${path} HTTP/1.1`));
    const [statusLine] = one.split('\r\n');
    t.is(more.split('\r\n')[0], statusLine, path);
  }
  t.regex(await say(site.bootPort, raw('GET //boot.efi HTTP/1.1')), /^HTTP\/1\.1 200 /);
  t.regex(await say(site.bootPort, raw('GET http://a//boot.efi HTTP/1.1')), /^HTTP\/1\.1 200 /);
  t.regex(await say(site.bootPort, raw('GET /m//boot.efi HTTP/1.1')), /^HTTP\/1\.1 400 /);
  t.regex(await say(site.adminPort, raw('GET //healthz HTTP/1.1')), /^HTTP\/1\.1 400 /);
});

const twice = (header: string, other = header) => `Host: a\r\n${header}\r\n${other}\r\n`;
const ambiguous: readonly (readonly [what: string, line: string, headers: string])[] = [
  ['two Host headers', 'GET /healthz HTTP/1.1', 'Host: 127.0.0.1\r\nHost: evil.example\r\n'],
  ['the same Host twice', 'GET /healthz HTTP/1.1', 'Host: a\r\nhost: a\r\n'],
  [
    'two Authorization headers',
    'GET /healthz HTTP/1.1',
    twice('Authorization: Bearer x', 'authorization: Bearer y'),
  ],
  ['a Host that is a list', 'GET /healthz HTTP/1.1', 'Host: a, b\r\n'],
  ['a Host with a name', 'GET /healthz HTTP/1.1', 'Host: a@b\r\n'],
  ['a Host with a path', 'GET /healthz HTTP/1.1', 'Host: a/b\r\n'],
  ['no version of HTTP', 'GET /healthz', 'Host: a\r\n'],
  ['the version 0.9', 'GET /healthz HTTP/0.9', 'Host: a\r\n'],
];
for (const [what, line, headers] of ambiguous)
  test(`a request with ${what} is refused, on both planes`, async (t) => {
    for (const port of [site.bootPort, site.adminPort])
      t.regex(await say(port, raw(line, headers)), /^HTTP\/1\.1 400 Bad Request\r\n/);
  });

test('two Host or Authorization headers, or no version, are refused by the embedded storage, too', async (t) => {
  for (const [what, line, headers] of ambiguous.filter(([what]) => !what.startsWith('a Host')))
    t.regex(await say(site.parts.localgcs.port, raw(line, headers)), /^HTTP\/1\.1 400 Bad Request\r\n/, what);
});

test('by HTTP/2, too, one host and one token are said, and Host is :authority', async (t) => {
  const client = session(t, site.bootPort);
  t.is((await ask2(client, '/healthz')).status, 200);
  t.is(
    (await ask2(client, '/healthz', { headers: { ':authority': 'a', host: 'evil.example' } })).status,
    400,
  );
});

test('a name in a path is one plain segment of at most 128 characters', async (t) => {
  for (const path of [
    '/asset/a%2Fb/kernel',
    `/asset/${'a'.repeat(129)}/kernel`,
    '/assets/a%2Fb/kernel',
    `/kernels/${'a'.repeat(129)}.img`,
  ]) {
    const { status, json } = await site.boot(path);
    t.deepEqual([status, json.type], [400, 'urn:bootbroker:problem:bad-request-target'], path);
  }
  t.is((await site.boot(`/asset/${'a'.repeat(128)}/kernel`)).status, 404);
});

const broken: readonly (readonly [what: string, bytes: string, status: number, type: string])[] = [
  ['no HTTP', 'nonsense\r\n\r\n', 400, 'bad-request'],
  ['a raw NUL in its target', 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad-request'],
  [
    'two lengths',
    'POST /report/up HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    'bad-request',
  ],
  [
    'a length and chunks',
    'POST /report/up HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
    'bad-request',
  ],
  ['no Host in HTTP/1.1', 'GET /boot.efi HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'bad-request'],
  [
    'headers of more than 16 KiB',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
    431,
    'headers-too-large',
  ],
  ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'method-not-allowed'],
];
for (const [what, bytes, status, type] of broken)
  test(`a request with ${what} gets a problem, and its connection is closed`, async (t) => {
    const answer = await say(site.bootPort, bytes);
    t.true(answer.startsWith(`HTTP/1.1 ${status} `), answer);
    t.regex(answer, /\r\nContent-Type: application\/problem\+json\r\n/);
    t.is(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).type, `urn:bootbroker:problem:${type}`);
  });

test('an upgrade that is not served is not made, and an expectation is not met, but the request is', async (t) => {
  for (const header of ['Upgrade: h2c\r\nHTTP2-Settings: AA\r\n', 'Expect: tea\r\n']) {
    const answer = await say(site.bootPort, raw('GET /initrd/debian.img HTTP/1.1', `Host: a\r\n${header}`));
    t.regex(answer, /^HTTP\/1\.1 200 OK\r\n/);
  }
});

test('what is no request does not get into the middle of an answer', async (t) => {
  await push(site, { kind: 'kernel', name: 'long', bytes: Buffer.alloc(40_000_000) });
  const socket = await dial(site.bootPort, 'GET /assets/long:1:x86_64/kernel HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => socket.once('readable', resolve));
  socket.write('nonsense\r\n\r\n');
  const answer = await untilClosed(socket);
  t.true(answer.length < 40_000_000);
  t.false(answer.includes('problem'));
});

test('methods that a route does not serve are 405, with those that it does', async (t) => {
  for (const [path, allow] of [
    ['/boot.ipxe', 'HEAD, GET'],
    ['/kernels/debian.img', 'HEAD, GET'],
    ['/report/up', 'HEAD, GET, POST'],
  ] as const)
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const { status, headers, json } = await site.boot(path, { method });
      t.deepEqual([status, headers.allow], [405, allow], `${method} ${path}`);
      t.is(json.type, 'urn:bootbroker:problem:method-not-allowed');
    }
});

test('strangers are refused before anything is looked up: even when the records are closed', async (t) => {
  const broker = await brokerFor(t, { settings: { BROKER_ALLOWED_NETWORKS: '10.0.0.0/8' } });
  await broker.parts.records.close();
  for (const path of [
    '/boot.ipxe',
    `/boot.ipxe?mac=${mac}`,
    '/kernels/debian.img',
    '/report/up',
    '/metrics',
    '/openapi.json',
    '/nothing',
  ])
    for (const headers of [{}, { 'X-Forwarded-For': '10.0.0.1' }]) {
      const { status, json } = await broker.boot(path, { userAgent: agents.ipxe, headers });
      t.is(status, 403, path);
      t.is(json.type, 'urn:bootbroker:problem:source-not-allowed');
    }
  t.is((await broker.boot('/healthz')).status, 200);
});

test('a trusted proxy is believed for the hop before it, and refused when it names none', async (t) => {
  const settings = { BROKER_ALLOWED_NETWORKS: '10.0.0.0/8', BROKER_TRUSTED_PROXIES: '127.0.0.1' };
  const broker = await brokerFor(t, { settings });
  const status = async (forwarded?: string, from = '127.0.0.1') =>
    (
      await ask(broker.bootPort, '/autoexec.ipxe', {
        from,
        ...(forwarded && { headers: { 'X-Forwarded-For': forwarded } }),
      })
    ).status;
  t.is(await status('10.1.2.3'), 200);
  t.is(await status('8.8.8.8, 10.1.2.3'), 200);
  t.is(await status('10.1.2.3, 8.8.8.8'), 403);
  t.is(await status('10.1.2.3, nonsense'), 403);
  t.is(await status(), 403);
  t.is(await status('10.1.2.3', '127.0.0.2'), 403);
  t.like(
    broker.log.find((line) => line.status === 200),
    { source: '10.1.2.3' },
  );
});
