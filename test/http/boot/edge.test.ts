import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { privateKey } from '../../blobs/keys.ts';
import { stepsOf, type Told } from '../../support/boots.ts';
import { addMachine, addProfile, type LogLine } from '../../support/broker.ts';
import { askAsEdge, edgeKeysSetting, type Said, vouch } from '../../support/edge.ts';
import { type Asking, ask, dial, say, until, untilClosed } from '../../support/http.ts';
import { ask2, session } from '../../support/http2.ts';
import { agents, mac, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
/** A second machine, which boots from elsewhere, and a third without a profile. */
const other = '52:54:00:aa:bb:02';
const bound = '52:54:00:aa:bb:03';
test.before(async () => {
  site = await startSite({ settings: { BROKER_EDGE_KEYS: edgeKeysSetting } });
  const { id } = await addMachine(site, { macs: [other, '52:54:00:aa:bb:12'] });
  await addProfile(site, { name: 'other', machine_id: id, kernel: 'debian@12' });
  await addMachine(site, { macs: [bound], networks: ['10.10.0.0/16'] });
});
test.after.always(() => site?.close());

const through = (target: string, said?: Said, asking?: Asking) =>
  askAsEdge(site.bootPort, target, said, asking);
const follow = { capabilities: ['follow'] };
const cache = { capabilities: ['cache', 'follow'] };
const firmware = { userAgent: agents.firmware };
const ipxe = { userAgent: agents.ipxe };
/** The line of a request, which is written when its answer has gone. */
async function logged(is: (line: LogLine) => boolean): Promise<LogLine> {
  await until(() => site.log.some(is));
  return site.log.findLast(is) ?? {};
}
/** The steps of the machine's boots that say so, when there are any. */
async function told(detail: RegExp, machine = site.machine): Promise<readonly Told[]> {
  let found: readonly Told[] = [];
  await until(async () => {
    const { items } = (await site.admin(`/api/v1/boots?machine=${machine}`)).json;
    found = stepsOf(items).filter((step) => detail.test(step.detail ?? ''));
    return found.length > 0;
  });
  return found;
}
const refusals = async () => {
  const { text } = await through('/metrics');
  const lines = [...text.matchAll(/^bootbroker_edge_refusals_total\{reason="([a-z-]+)"\} (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, reason, count]) => [reason, Number(count)]));
};

test('the client is whom the edge vouches for: neither the peer nor any other header says who', async (t) => {
  const headers = { 'X-Forwarded-For': '10.1.1.1', Forwarded: 'for=10.1.1.2', 'X-Real-IP': '10.1.1.3' };
  const target = `/boot.ipxe?mac=${mac}`;
  const { status } = await through(target, { address: '192.168.7.77' }, { ...ipxe, headers });
  t.is(status, 200);
  t.like(await logged(({ source }) => source === '192.168.7.77'), { edge: 'site-a', status: 200 });
});

test('an address that may not boot may not boot through an edge either', async (t) => {
  const { status, json } = await through('/boot.efi', { kid: 'cloud', address: '8.8.8.8' });
  t.deepEqual([status, json.type], [403, 'urn:bootbroker:problem:source-not-allowed']);
});

test.serial(
  'without one valid header everything but health is 403, counted by reason, and no MAC is logged',
  async (t) => {
    const good = vouch('GET', '/boot.efi');
    const stale = vouch('GET', '/boot.efi', { t: Math.floor(Date.now() / 1000) - 120 });
    const cases: readonly (readonly [reason: string, header: string | undefined])[] = [
      ['missing', undefined],
      ['malformed', `${good}=`],
      ['unknown-key', vouch('GET', '/boot.efi', { kid: 'site-b' })],
      ['wrong-mac', vouch('GET', '/boot.ipxe')],
      ['wrong-mac', vouch('HEAD', '/boot.efi')],
      ['stale', stale],
      ['early', vouch('GET', '/boot.efi', { t: Math.floor(Date.now() / 1000) + 120 })],
      ['address', vouch('GET', '/boot.efi', { address: '10.10.0.2' })],
      ['capability', vouch('GET', '/boot.efi', { kid: 'cloud', address: '10.10.0.2', ...cache })],
    ];
    const before = await refusals();
    for (const [n, [reason, header]] of cases.entries()) {
      const { status, json, headers } = await ask(site.bootPort, '/boot.efi', {
        headers: { 'X-Request-Id': `mine-${n}`, ...(header !== undefined && { 'X-Boot-Edge': header }) },
      });
      t.deepEqual([status, json.type], [403, 'urn:bootbroker:problem:not-vouched'], reason);
      const id = headers['x-request-id'];
      t.not(id, `mine-${n}`, 'nobody vouches for that name either');
      t.is((await logged(({ request_id }) => request_id === id)).edge_refusal, reason);
    }
    const raw = `GET /boot.efi HTTP/1.1\r\nHost: a\r\nX-Boot-Edge: ${good}\r\nConnection: close\r\n`;
    t.regex(await say(site.bootPort, `${raw}\r\n`), /^HTTP\/1\.1 200 /);
    t.regex(await say(site.bootPort, `${raw}x-boot-edge: ${good}\r\n\r\n`), /^HTTP\/1\.1 403 /);
    const after = await refusals();
    const counted = Object.entries(after).map(([reason, n]) => [
      reason,
      Number(n) - (before[String(reason)] ?? 0),
    ]);
    t.deepEqual(Object.fromEntries(counted), {
      missing: 1,
      malformed: 1,
      'unknown-key': 1,
      'wrong-mac': 2,
      stale: 1,
      early: 1,
      address: 1,
      capability: 1,
      duplicated: 1,
    });
    t.false(JSON.stringify(site.log).includes(good.slice(-43)));
    t.false(JSON.stringify(site.log).includes(stale.slice(-43)));
    for (const path of ['/metrics', '/openapi.json', '/nothing', '/report/up', `/boot.ipxe?mac=${mac}`])
      t.is((await ask(site.bootPort, path)).status, 403, path);
    for (const path of ['/healthz', '/health/liveness', '/health/startup', '/readyz'])
      t.is((await ask(site.bootPort, path)).status, 200, path);
  },
);

test('an edge names the request; what it vouches for is the target as it came, slashes and all', async (t) => {
  const named = await through('/boot.efi', {}, { headers: { 'X-Request-Id': 'edge-1' } });
  t.is(named.headers['x-request-id'], 'edge-1');
  t.is((await through('//boot.efi')).status, 200);
  t.is((await through('http://broker.example/boot.efi')).status, 200);
  const vouched = { 'X-Boot-Edge': vouch('GET', '/boot.efi') };
  for (const target of ['//boot.efi', 'http://broker.example/boot.efi'])
    t.is((await ask(site.bootPort, target, { headers: vouched })).status, 403, target);
});

test('a header is good for its method and request target alone, query and all', async (t) => {
  const target = `/boot.ipxe?mac=${mac}`;
  const headers = { 'X-Boot-Edge': vouch('GET', target) };
  const status = async (asked: string, method = 'GET') =>
    (await ask(site.bootPort, asked, { ...ipxe, method, headers })).status;
  t.is(await status(target), 200);
  t.is(await status(target, 'HEAD'), 403);
  t.is(await status(`/boot.ipxe?mac=${other}`), 403);
  t.is(await status(target.replaceAll(':', '%3A')), 403);
  t.is(await status(`${target}&`), 403);
  t.is(await status('/boot.ipxe'), 403);
});

test('firmware that names nothing is the machine whose interface speaks', async (t) => {
  const hw = mac;
  t.is((await through('/boot.efi', { hw }, firmware)).status, 200);
  t.like(await logged((line) => line.path === '/boot.efi' && line.hw === hw), { machine: site.machine });
  await told(/^efi ipxe@1 by stream/);
  // who is bound to a network is that machine only from there, whoever says it
  const { status, json: problem } = await through('/boot.efi', { hw: bound }, firmware);
  t.deepEqual([status, problem.type], [403, 'urn:bootbroker:problem:machine-not-here']);
  t.is((await through('/boot.efi', { hw: '52:54:00:00:00:99' }, firmware)).status, 200);
});

test('iPXE that names nothing gets the script of the machine whose interface speaks, or is asked who it is', async (t) => {
  t.true((await through('/boot.ipxe', { hw: mac }, ipxe)).text.includes(`/asset/${site.revision}/kernel`));
  t.regex(
    (await through('/boot.ipxe', { hw: '52:54:00:00:00:99' }, ipxe)).text,
    /mac=\$\{netX\/mac:hexhyp\}/,
  );
  t.regex((await through('/boot.ipxe', {}, ipxe)).text, /mac=\$\{netX\/mac:hexhyp\}/);
});

test('a claim to be another machine than the one whose interface speaks is refused', async (t) => {
  const script = async (target: string, hw?: string) => through(target, { ...(hw && { hw }) }, ipxe);
  for (const target of [
    `/boot.ipxe?mac=${mac}`,
    `/m/${mac}/boot.ipxe`,
    `/m/${mac}/kernel`,
    `/asset/${site.revision}/kernel?machine=${site.machine}`,
    '/boot.ipxe?serial=SN%201',
    `/report/up?mac=${mac}`,
    `/report/up?machine=${site.machine}`,
  ]) {
    const { status, json } = await script(target, other);
    t.deepEqual([status, json.type], [403, 'urn:bootbroker:problem:claim-contradicted'], target);
    // its own interface, one that nobody registered, and no word at all
    for (const hw of [mac, '52:54:00:00:00:99', undefined])
      t.true([200, 302].includes((await script(target, hw)).status), `${target} ${hw}`);
  }
  // a machine has several interfaces; and a claim that is nobody's does not hide who it is
  t.is((await script(`/boot.ipxe?mac=${other}`, '52:54:00:aa:bb:12')).status, 200);
  t.true((await script('/boot.ipxe?mac=52:54:00:00:00:98', mac)).text.includes(`/asset/${site.revision}/`));
  const { json: reported } = await script('/report/up', mac);
  t.is(reported.machine_id, site.machine);
});

const accel = /^\/_storage\/(\d+)\/(boot-assets\/assets\/[A-Za-z0-9._/-]+)\?([^?]+)$/;

test('an edge that can follow is handed what its client cannot be redirected to: a URL that opens the bytes', async (t) => {
  const target = `/asset/${site.revision}/kernel`;
  const answer = await through(target, follow, firmware);
  t.is(answer.status, 200);
  t.true(answer.body.length < 100, 'no byte of the asset');
  const [, generation, name, query] = accel.exec(String(answer.headers['x-accel-redirect'])) ?? [];
  t.is(generation, site.kernel.generation);
  t.is(new URLSearchParams(query).get('generation'), String(generation));
  t.is(new URLSearchParams(query).get('X-Goog-SignedHeaders'), 'host');
  const fetched = await fetch(`${site.parts.localgcs.origin}/${name}?${query}`, {
    headers: { Range: 'bytes=5-9' },
  });
  t.is(fetched.status, 206);
  t.deepEqual(Buffer.from(await fetched.arrayBuffer()), site.bytes.kernel.subarray(5, 10));
  // What the client sees of it is what it sees of a stream, and the storage names the same version.
  const streamed = await through(target, {}, firmware);
  for (const field of [
    'content-type',
    'etag',
    'last-modified',
    'cache-control',
    'content-disposition',
    'accept-ranges',
    'x-content-type-options',
  ])
    t.is(answer.headers[field], streamed.headers[field], field);
  t.is(fetched.headers.get('ETag'), String(answer.headers.etag));
  t.is(fetched.headers.get('Last-Modified'), String(answer.headers['last-modified']));
});

test('who follows: the client where it can, else the edge; with a cache the edge for everybody; else the broker', async (t) => {
  const plan = async (said: Said, asking: Asking) => {
    const { status, headers } = await through(`/asset/${site.revision}/kernel`, said, asking);
    if (headers.location) return `${status} redirect`;
    return `${status} ${headers['x-accel-redirect'] ? 'handoff' : 'stream'}`;
  };
  t.is(await plan({}, firmware), '200 stream');
  t.is(await plan({}, ipxe), '302 redirect');
  t.is(await plan(follow, firmware), '200 handoff');
  t.is(await plan(follow, ipxe), '302 redirect');
  t.is(await plan(cache, firmware), '200 handoff');
  t.is(await plan(cache, ipxe), '200 handoff');
  t.is(await plan({ capabilities: ['cache'] }, firmware), '200 stream');
  t.truthy((await through('/boot.efi', cache, firmware)).headers['x-accel-redirect']);
  t.truthy((await through('/kernels/debian.img', cache, ipxe)).headers['x-accel-redirect']);
});

test('scripts come from the broker and name whoever was asked: every URL in them is relative', async (t) => {
  for (const target of ['/boot.ipxe', `/boot.ipxe?mac=${mac}`, `/m/${mac}/boot.ipxe`, '/autoexec.ipxe']) {
    const { status, headers, text } = await through(target, cache, ipxe);
    t.is(status, 200);
    t.is(headers['x-accel-redirect'], undefined);
    t.regex(text, /^#!ipxe\n/);
    t.false(text.includes('://'));
  }
});

test('HEAD is answered from the record, as the GET would be, whatever the edge can do', async (t) => {
  for (const said of [{}, follow, cache]) {
    const { status, headers } = await through(`/asset/${site.revision}/kernel`, said, {
      ...firmware,
      method: 'HEAD',
    });
    t.is(status, 200);
    t.is(headers['content-length'], '300000');
    t.is(headers.etag, site.kernel.etag);
    t.is(headers['x-accel-redirect'], undefined);
  }
});

test('preconditions and impossible ranges are judged before a handoff; a possible range is the edge’s', async (t) => {
  const target = `/asset/${site.revision}/kernel`;
  const answer = async (headers: Record<string, string>) => {
    const { status, headers: got } = await through(target, cache, { headers });
    return [status, got['x-accel-redirect'] !== undefined];
  };
  const etag = String(site.kernel.etag);
  t.deepEqual(await answer({ 'If-None-Match': etag }), [304, false]);
  t.deepEqual(await answer({ 'If-Match': '"another"' }), [412, false]);
  t.deepEqual(await answer({ Range: 'bytes=300000-' }), [416, false]);
  t.deepEqual(await answer({ Range: 'bytes=5-9', 'If-Range': etag }), [200, true]);
  t.deepEqual(await answer({ 'If-Match': etag }), [200, true]);
});

test('a handoff is counted in its boot once, however many ranges are asked for; its URL is in no log', async (t) => {
  const { id } = await addMachine(site, { macs: ['52:54:00:aa:bb:22'] });
  const { id: revision } = await addProfile(site, {
    name: 'ranged',
    machine_id: id,
    kernel: 'debian@12',
    initrds: ['debian@12'],
  });
  const target = `/asset/${revision}/initrd/0?machine=${id}`;
  for (const Range of ['bytes=0-9', 'bytes=10-19', 'bytes=20-29'])
    t.is((await through(target, cache, { ...ipxe, headers: { Range } })).status, 200);
  await through(target, cache, ipxe); // whose step comes after any of theirs
  const detail = /^initrd debian@12 by handoff/;
  await until(async () => ((await told(detail, id))[0]?.times ?? 1) >= 2);
  t.like(await told(detail, id), [{ times: 2 }]);
  await logged((line) => line.plan === 'handoff');
  t.false(/X-Goog-/i.test(JSON.stringify(site.log)));
});

test('an edge whose URL did not open says so, and that is logged', async (t) => {
  const headers = { 'X-Boot-Retry': '1' };
  const { status } = await through('/initrd/debian.img', cache, { ...ipxe, headers });
  t.is(status, 200);
  t.like(await logged((line) => line.retry === true), { plan: 'handoff', path: '/initrd/debian.img' });
});

test('a URL that is kept is handed out again, but not to an edge for which it did not open', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-test-'));
  const keyFile = join(folder, 'key.pem');
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  let now = Date.now();
  const kept = await startSite({
    settings: {
      BROKER_EDGE_KEYS: edgeKeysSetting,
      BROKER_SIGNER: 'rsa',
      BROKER_RSA_KEY_FILE: keyFile,
      BROKER_SERVICE_ACCOUNT: 'broker@example.iam.gserviceaccount.com',
    },
    clock: () => new Date(now),
  });
  t.teardown(async () => {
    await kept.close();
    await rm(folder, { recursive: true });
  });
  const url = async (headers: Record<string, string> = {}) => {
    const said = { ...cache, t: Math.floor(now / 1000) };
    const { headers: got } = await askAsEdge(kept.bootPort, '/kernels/debian.img', said, { headers });
    return String(got['x-accel-redirect']);
  };
  const dead = await url();
  now += 1_500;
  t.is(await url(), dead);
  t.is(await url({ 'X-Boot-Retry': 'yes' }), dead);
  const fresh = await url({ 'X-Boot-Retry': '1' });
  t.not(fresh, dead);
  t.is(fresh.split('?')[0], dead.split('?')[0]);
  t.is(await url(), fresh);
});

test('the edge’s own place is no route here', async (t) => {
  for (const target of ['/_storage/1/boot-assets/x', '/_storage/'])
    t.true([400, 404].includes((await through(target, cache)).status), target);
});

test('explain says what goes to an edge', async (t) => {
  const plan = async (query: string) =>
    (await site.admin(`/api/v1/explain?mac=${mac}&user_agent=${encodeURIComponent(agents.ipxe)}${query}`))
      .json;
  t.like(await plan(''), { plan: 'redirect' });
  t.like(await plan('&edge=follow'), { plan: 'redirect' });
  t.like(await plan('&edge=cache,follow'), { plan: 'handoff', reason: 'the edge keeps what it fetched' });
  t.like(await plan('&edge=fly'), { status: 400 });
});

/** All are signed as they stand. What nginx would read otherwise is refused; the rest is the route that it says. */
const shapes: readonly (readonly [target: string, status: number])[] = [
  ['/boot.ipxe', 200],
  ['//boot.ipxe', 200],
  ['/boot//boot.ipxe', 400],
  ['//a/../boot.ipxe', 400],
  ['/a/../boot.ipxe', 400],
  ['/./boot.ipxe', 400],
  ['/boot.ipxe/..', 400],
  ['/%2e%2e/boot.ipxe', 400],
  ['/x%2f..%2fboot.ipxe', 400],
  ['/boot.ipxe#', 400],
  ['/boot.ipxe#/healthz', 400],
  ['/boot.ipxe?x#y', 400],
  ['/boot.ipxe%23', 400],
  ['/\\boot.ipxe', 400],
  ['/..\\boot.ipxe', 400],
  ['/%5cboot.ipxe', 400],
  ['/boot.ipxe%00', 400],
  ['/boot.ipxe%3Fmac=x', 400],
  ['http://127.0.0.1/boot.ipxe', 200],
  ['http://127.0.0.1/nothing', 404],
  ['http://127.0.0.1/a/../boot.ipxe', 400],
  ['http:boot.ipxe', 400],
  ['boot.ipxe', 400],
  // an encoded letter is the letter for nginx; here such a path is no route, or the same name in one
  ['/%62oot.ipxe', 404],
  ['/%68ealthz', 404],
  ['/boot.ipxe?x=%61', 200],
  ['/boot.ipxe?//../', 200],
  ['/boot.ipxe;/healthz', 400],
  ['/boot.ipxe?serial=\xfc', 400],
];
/** nghttp2 itself resets the stream of a `:path` that does not begin with a slash (RFC 9113 section 8.3.1). */
async function status2(client: ClientHttp2Session, target: string, headers = {}): Promise<number> {
  const answer = ask2(client, target, { headers });
  if (!target.startsWith('/'))
    return answer.then(
      () => 0,
      ({ code }) => (code === 'ERR_HTTP2_STREAM_ERROR' ? 400 : 0),
    );
  return (await answer).status ?? 0;
}
const line = (target: string, method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\nUser-Agent: iPXE/2.0.0\r\nConnection: close\r\nX-Boot-Edge: ${vouch(method, target)}\r\n`;
for (const [target, status] of shapes)
  test(`the request target ${target} is ${status}, by HTTP/1 and HTTP/2 (an absolute one 400), and 403 or 400 unsigned`, async (t) => {
    t.regex(await say(site.bootPort, `${line(target)}\r\n`), new RegExp(`^HTTP/1\\.1 ${status} `));
    const client = session(t, site.bootPort);
    const headers = { 'user-agent': 'iPXE/2.0.0', 'x-boot-edge': vouch('GET', target) };
    t.is(await status2(client, target, headers), target.startsWith('/') ? status : 400);
    t.true([400, 403].includes(await status2(client, target)));
  });

test('an encoded name in a path is the name that it says', async (t) => {
  const encoded = `/asset/%${site.revision.charCodeAt(0).toString(16)}${site.revision.slice(1)}/kernel`;
  t.is((await through(encoded, {}, firmware)).status, 200);
  t.is((await through(`/m/${mac.replaceAll(':', '%3A')}/kernel`, {}, firmware)).status, 200);
});

test('what has two lengths, or a length and chunks, is no request; what upgrades is the request it is', async (t) => {
  const report = line(`/report/up?mac=${mac}`, 'POST');
  for (const framing of [
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  ]) {
    const answer = await say(site.bootPort, report + framing);
    t.regex(answer, /^HTTP\/1\.1 400 /, framing);
    t.is(answer.split('HTTP/1.1 ').length, 2, framing);
  }
  const upgrade = 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n';
  const answer = await say(
    site.bootPort,
    line('/boot.ipxe')
      .replace('close', 'Upgrade, HTTP2-Settings')
      .replace('\r\nX-Boot', '\r\nConnection: close\r\nX-Boot') + upgrade,
  );
  t.regex(answer, /^HTTP\/1\.1 200 /);
  t.regex(answer, /#!ipxe/);
});

test('a connection that carried a vouched request vouches for nothing that comes after it', async (t) => {
  const socket = await dial(
    site.bootPort,
    `${line('/boot.ipxe').replace('close', 'keep-alive')}\r\nGET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  );
  const answer = await untilClosed(socket);
  t.deepEqual(
    [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '403'],
  );
});

test('in HTTP/2 a field that is there twice is refused as in HTTP/1, and one that is pseudo is none of it', async (t) => {
  const good = vouch('GET', '/boot.ipxe');
  const client = session(t, site.bootPort);
  const twice = { 'x-boot-edge': [good, good] } as unknown as Record<string, string>;
  t.is((await ask2(client, '/boot.ipxe', { headers: twice })).status, 403);
  t.is((await ask2(client, '/boot.ipxe', { headers: { 'x-boot-edge': good } })).status, 200);
  t.is(
    (await ask2(client, '/boot.ipxe', { headers: { 'x-boot-edge': vouch('HEAD', '/boot.ipxe') } })).status,
    403,
  );
});
