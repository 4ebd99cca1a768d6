import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootRoutes } from '../../src/http/boot/routes.ts';
import { temporaryFolder } from '../support/child.ts';
import { ask, say } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { fakeFor } from './fakes.ts';
import { cloudKey, gatewayFor, tunnelOf } from './gateway.ts';
import { fieldOf, start, vouched } from './vouched.ts';

const test = needing(command('nginx'));

test('the broker hears who is calling, signed over what reaches it', async (t) => {
  const { broker, gateway } = await start(t);
  const asked = [
    ['GET', '/boot.ipxe?mac=52:54:00:aa:bb:01&serial=%20%2F%61'],
    ['HEAD', '/boot/x86_64/boot.efi'],
    ['POST', '/report/up?machine=1'],
    ['GET', '/m/52%3A54%3a00:aa-bb:01/boot.ipxe'],
  ] as const;
  for (const [n, [method, target]] of asked.entries()) {
    await gateway.ask(target, { method, from: `127.10.0.${n + 2}` });
    const came = broker.came[n];
    t.deepEqual([came?.method, came?.target], [method, target]);
    t.like(vouched(t, came), { kid: 'cloud', aud: 'boot', addr: `127.10.0.${n + 2}`, hw: '', can: 'follow' });
  }
});

test('every boot route passes, and nothing else', async (t) => {
  const { broker, gateway } = await start(t);
  for (const { path } of [...bootRoutes, { path: '/report/{stage}' }]) {
    const target = path.replaceAll(/\{\w+\}/g, 'x');
    t.is((await gateway.ask(target)).status, 204, target);
  }
  const passed = broker.came.length;
  for (const target of [
    '/',
    '/metrics',
    '/healthz',
    '/health/liveness',
    '/openapi.json',
    '/api/v1/machines',
    '/boot.ipxe/x',
    '/grub.cfg',
  ])
    t.true([400, 404].includes((await gateway.ask(target)).status), target);
  t.is((await gateway.ask('/boot.ipxe', { method: 'POST' })).status, 405);
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])
    t.true([400, 405].includes((await gateway.ask('/boot.ipxe', { method })).status), method);
  t.is(broker.came.length, passed);
});

test('of what a client sends only the harmless goes on', async (t) => {
  const { broker, gateway } = await start(t);
  const kept = {
    'User-Agent': 'iPXE/1.21.1',
    Accept: '*/*',
    Range: 'bytes=0-1',
    'If-Range': '"a"',
    'If-Match': '"a"',
    'If-None-Match': '"b"',
    'If-Modified-Since': 'Sun, 22 Nov 2026 00:00:00 GMT',
    'If-Unmodified-Since': 'Sun, 22 Nov 2026 00:00:00 GMT',
  };
  const dropped = {
    'X-Forwarded-For': '10.0.0.1',
    'X-Forwarded-Host': 'a',
    'X-Forwarded-Proto': 'https',
    Forwarded: 'for=10.0.0.1',
    'X-Real-IP': '10.0.0.1',
    'X-Accel-Redirect': '/_storage/1/b/o?generation=1',
    'X-Accel-Expires': '1',
    'X-Boot-Retry': '1',
    'X-Request-Id': 'mine',
    Authorization: 'Bearer mine',
    Cookie: 'a=b',
    TE: 'trailers',
    Upgrade: 'h2c',
    'HTTP2-Settings': 'AAMAAABkAAQAAP__',
    'Proxy-Connection': 'close',
    'X-HTTP-Method-Override': 'POST',
  };
  await gateway.ask('/boot.ipxe', {
    headers: { ...kept, ...dropped, Connection: 'Upgrade, HTTP2-Settings' },
  });
  const [came] = broker.came;
  const names = came?.fields.map(([name]) => name) ?? [];
  t.deepEqual(names.toSorted(), [...Object.keys(kept), 'Host', 'X-Boot-Edge', 'X-Request-Id'].toSorted());
  for (const [name, value] of Object.entries(kept)) t.deepEqual(fieldOf(came, name.toLowerCase()), [value]);
  t.regex(fieldOf(came, 'x-request-id')[0] ?? '', /^[0-9a-f]{32}$/);
  t.deepEqual(fieldOf(came, 'host'), [new URL(broker.origin).host]);
});

test('a foreign X-Boot-Edge is not believed, however often and however it is spelled', async (t) => {
  const { broker, gateway } = await start(t);
  const foreign =
    'v1;kid=cloud;aud=boot;t=1795295380;addr=10.10.0.2;hw=;can=follow;mac=rPT542BdVBscg6iKZgVU-67U8p0i6ecjNxZKS07Guww';
  for (const fields of [
    [`X-Boot-Edge: ${foreign}`],
    [`x-boot-edge: ${foreign}`, `X-BOOT-EDGE: ${foreign}`],
    [`X_Boot_Edge: ${foreign}`],
    ['X-Boot-Edge:'],
    [`X-Boot-Edge: v1;kid=;${foreign}`],
  ]) {
    const raw = await say(
      gateway.port,
      `GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields.join('\r\n')}\r\n\r\n`,
    );
    t.regex(raw, /^HTTP\/1\.1 204 /);
    t.like(vouched(t, broker.came.at(-1)), { addr: '127.0.0.1' });
    t.is(broker.came.at(-1)?.fields.filter(([name]) => /^x.boot.edge$/i.test(name)).length, 1);
  }
});

const shapes: readonly (readonly [what: string, raw: string])[] = [
  ['an empty segment on the way', 'GET /m//boot.ipxe HTTP/1.1'],
  ['a climb', 'GET /a/../boot.ipxe HTTP/1.1'],
  ['an empty segment and a climb', 'GET //a/../b HTTP/1.1'],
  ['a climb at the end', 'GET /m/x/.. HTTP/1.1'],
  ['a dot segment before the query', 'GET /m/x/.?a HTTP/1.1'],
  ['an encoded letter', 'GET /%62oot.ipxe HTTP/1.1'],
  ['an encoded slash', 'GET /asset%2Fx/kernel HTTP/1.1'],
  ['an encoded dot', 'GET /m/%2e%2e/boot.ipxe HTTP/1.1'],
  ['an encoding of an encoding', 'GET /m/%253A/boot.ipxe HTTP/1.1'],
  ['a fragment', 'GET /boot.ipxe#x HTTP/1.1'],
  ['a fragment in the query', 'GET /boot.ipxe?a=#b HTTP/1.1'],
  ['a backslash', 'GET /m\\x/boot.ipxe HTTP/1.1'],
  ['a backslash in the query', 'GET /boot.ipxe?a=\\ HTTP/1.1'],
  ['a byte beyond ASCII', 'GET /boot.ipxe?a=\xe9 HTTP/1.1'],
  ['a NUL', 'GET /boot.ipxe?a=\0 HTTP/1.1'],
  ['a space', 'GET /boot.ipxe x HTTP/1.1'],
  ['a tab', 'GET /boot.ipxe?a=\t HTTP/1.1'],
  ['a semicolon', 'GET /boot.ipxe;a HTTP/1.1'],
  ['the absolute form', 'GET http://broker/boot.ipxe HTTP/1.1'],
  ['the authority form', 'CONNECT broker:80 HTTP/1.1'],
  ['the asterisk form', 'OPTIONS * HTTP/1.1'],
  ['no version', 'GET /boot.ipxe'],
  ['another version', 'GET /boot.ipxe HTTP/2.0'],
  ['a method in small letters', 'get /boot.ipxe HTTP/1.1'],
];
test('what nginx and the broker could read differently does not pass', async (t) => {
  const { broker, gateway } = await start(t);
  for (const [what, line] of shapes) {
    const raw = await say(gateway.port, `${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
    t.regex(raw, /HTTP\/1\.1 (40[045]|505) |400 Bad Request|"status":400/, what);
  }
  t.deepEqual(broker.came, []);
});

const bodies: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['a length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked']],
  ['two lengths', ['Content-Length: 4', 'Content-Length: 5']],
  ['two equal lengths', ['Content-Length: 4', 'Content-Length: 4']],
  ['a list of lengths', ['Content-Length: 4, 4']],
  ['a signed length', ['Content-Length: +4']],
  ['another coding', ['Transfer-Encoding: gzip, chunked']],
  ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']],
  ['a coding in disguise', ['Transfer-Encoding: xchunked']],
  ['two hosts', ['Host: b']],
  ['more than a report may have', ['Content-Length: 16385']],
];
test('a body whose end could be read differently does not pass', async (t) => {
  const { broker, gateway } = await start(t);
  for (const [what, fields] of bodies) {
    const head = ['POST /report/up HTTP/1.1', 'Host: a', 'Connection: close', ...fields];
    const raw = await say(gateway.port, `${head.join('\r\n')}\r\n\r\n4\r\nGET \r\n0\r\n\r\n`);
    t.regex(raw, /^HTTP\/1\.1 (400|411|413|501) /, what);
  }
  t.deepEqual(broker.came, []);
  const chunked =
    'POST /report/up HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';
  t.regex(await say(gateway.port, chunked), /^HTTP\/1\.1 204 /);
  t.deepEqual(
    [
      broker.came[0]?.body,
      fieldOf(broker.came[0], 'content-length'),
      fieldOf(broker.came[0], 'transfer-encoding'),
    ],
    ['hi', ['2'], []],
  );
});

test('a header that counts, sent twice, reaches the broker once', async (t) => {
  const { broker, gateway } = await start(t);
  const twice = [
    'User-Agent: a',
    'User-Agent: b',
    'Range: bytes=0-1',
    'Range: bytes=2-3',
    'If-Match: "a"',
    'If-Match: "b"',
  ];
  await say(
    gateway.port,
    `GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${twice.join('\r\n')}\r\n\r\n`,
  );
  for (const came of broker.came)
    for (const name of ['user-agent', 'range', 'if-match']) t.is(fieldOf(came, name).length, 1, name);
  t.true(broker.came.length <= 1);
});

test('the broker gets no second request through a connection that is kept', async (t) => {
  const { broker, gateway } = await start(t);
  const smuggled =
    'GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /api/v1/machines HTTP/1.1\r\nHost: a\r\n\r\n';
  await say(gateway.port, `${smuggled}GET /boot.efi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  t.true(broker.came.every(({ target }) => /^\/boot\./.test(target)));
});

test("the header of the site's own edge passes untouched, from that site alone, and its handoff goes back to it", async (t) => {
  const peers = [{ redirects: 'always', edge_kid: 'site-a' }, { redirects: 'always' }];
  const { broker, gateway } = await start(t, { tunnel: tunnelOf(peers) });
  const header =
    'v1;kid=site-a;aud=boot;t=1;addr=192.168.7.20;hw=;can=cache,follow;mac=whatever-the-broker-says-of-it';
  const headers = { 'X-Boot-Edge': header, 'If-Match': '"a"' };
  broker.answer = (_, answer) =>
    void answer.writeHead(200, { 'X-Accel-Redirect': '/_storage/1/b/o?generation=1' }).end();
  const answered = await gateway.ask('/asset/x/kernel', { headers });
  t.is(answered.headers['x-accel-redirect'], '/_storage/1/b/o?generation=1');
  t.deepEqual(fieldOf(broker.came[0], 'x-boot-edge'), [header]);
  t.deepEqual(fieldOf(broker.came[0], 'if-match'), ['"a"']);

  broker.answer = (_, answer) => void answer.writeHead(204).end();
  await gateway.ask('/boot.ipxe', { headers, from: '127.10.1.2' });
  t.like(vouched(t, broker.came[1]), { addr: '127.10.1.2' });
  await gateway.ask('/boot.ipxe', { headers: { 'X-Boot-Edge': header.replace('site-a', 'site-b') } });
  t.like(vouched(t, broker.came[2]), { addr: '127.10.0.2' });
  await say(
    gateway.port,
    `GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Boot-Edge: ${header}\r\nX-Boot-Edge: ${header}\r\n\r\n`,
  );
  t.like(vouched(t, broker.came[3]), { addr: '127.0.0.1' });
});

test('a site edge vouches for the MAC that its leases or its neighbour table have', async (t) => {
  const file = join(await temporaryFolder(t), 'leases');
  const { broker, gateway } = await start(t, { role: 'site', neighbours: file, tunnel: undefined });
  const hwOf = async (text: string) => {
    writeFileSync(file, text);
    await gateway.ask('/boot.ipxe');
    const { hw, can } = vouched(t, broker.came.at(-1));
    t.is(can, 'cache,follow');
    return hw;
  };
  const lease = (mac: string, address: string) =>
    `1795295380 ${mac} ${address} a-name 01:52:54:00:aa:bb:99\n`;
  t.is(
    await hwOf(lease('52:54:00:AA:bb:07', '127.10.0.21') + lease('52:54:00:AA:bb:01', '127.10.0.2')),
    '52:54:00:aa:bb:01',
  );
  t.is(await hwOf(lease('52:54:00:aa:bb:07', '127.10.0.21')), '');
  t.is(await hwOf(lease('52:54:00:aa:bb:07', '127.10.0.2') + lease('52:54:00:aa:bb:08', '127.10.0.2')), '');
  const arp = (mac: string) =>
    `IP address       HW type     Flags       HW address            Mask     Device\n127.10.0.2        0x1         0x2         ${mac}     *        eth0\n`;
  t.is(await hwOf(arp('52:54:00:aa:bb:01')), '52:54:00:aa:bb:01');
  t.is(await hwOf(arp('00:00:00:00:00:00')), '');
  t.is(await hwOf(''), '');
});

test('a key is rotated by replacing its file', async (t) => {
  const { broker, gateway } = await start(t);
  writeFileSync(join(gateway.folder, 'edge.key'), `another:${cloudKey.toString('base64url')}\n`);
  await gateway.ask('/boot.ipxe');
  t.like(vouched(t, broker.came[0]), { kid: 'another' });
});

test('Cloud Run gets the identity token as long as there is one', async (t) => {
  const broker = await fakeFor(t, (_, answer) => void answer.writeHead(204).end());
  const settings = { broker: { origin: broker.origin, audience: 'https://broker.example' } };
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: 'http://127.0.0.1:1' }, settings);
  const authorization = async () => {
    await gateway.ask('/boot.ipxe', { headers: { Authorization: 'Bearer mine' } });
    return fieldOf(broker.came.at(-1), 'authorization');
  };
  t.deepEqual(await authorization(), []);
  writeFileSync(join(gateway.run, 'token'), 'header.claims.signature\n');
  t.deepEqual(await authorization(), ['Bearer header.claims.signature']);
});

test('its counters are Prometheus text, for this machine alone', async (t) => {
  const { gateway } = await start(t);
  mkdirSync(gateway.run, { recursive: true });
  const token = [
    'e30',
    Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 600 })).toString('base64url'),
    'x',
  ].join('.');
  writeFileSync(join(gateway.run, 'token'), token);
  await gateway.ask('/boot.ipxe');
  const { text, headers } = await ask(gateway.metricsPort, '/metrics');
  t.is(headers['content-type'], 'text/plain; version=0.0.4');
  t.regex(text, /^bootbroker_gateway_requests_total [1-9]\d*$/m);
  t.regex(text, /^bootbroker_gateway_connections_active \d+$/m);
  t.regex(text, /^bootbroker_gateway_identity_token_seconds (59\d|600)$/m);
  t.regex(text, /^bootbroker_gateway_edge_key 1$/m);
  t.is((await ask(gateway.metricsPort, '/stub_status')).status, 404);
  for (const key of ['', 'no key']) {
    writeFileSync(join(gateway.folder, 'edge.key'), key);
    t.regex((await ask(gateway.metricsPort, '/metrics')).text, /^bootbroker_gateway_edge_key 0$/m);
  }
});
