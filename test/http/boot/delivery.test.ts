import anyTest, { type TestFn } from 'ava';
import type { Parts } from '../../../src/parts.ts';
import { stepsOf } from '../../support/boots.ts';
import { brokerFor, push } from '../../support/broker.ts';
import { ask } from '../../support/http.ts';
import { agents, mac, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
let path: string;
test.before(async () => {
  site = await startSite();
  path = `/asset/${site.revision}/kernel`;
});
test.after.always(() => site?.close());

const get = (headers: Record<string, string>, method = 'GET') => site.boot(path, { headers, method });

test('an asset is described in the same words by HEAD, by a stream and by the storage that a redirect names', async (t) => {
  const head = await get({}, 'HEAD');
  const streamed = await get({});
  const { location = '' } = (await site.boot(path, { userAgent: agents.ipxe })).headers;
  const stored = (await fetch(location)).headers;
  for (const name of ['etag', 'last-modified', 'content-length', 'content-type', 'accept-ranges'] as const) {
    t.truthy(head.headers[name], name);
    t.is(streamed.headers[name], head.headers[name], name);
    t.is(stored.get(name), head.headers[name] as string, name);
  }
  t.is(stored.get('cache-control'), head.headers['cache-control'] as string);
  t.regex(head.headers.etag ?? '', /^"[^"]+"$/);
  t.is(streamed.headers['content-disposition'], 'attachment; filename="debian-12-x86_64.kernel"');
  t.is(streamed.headers['x-content-type-options'], 'nosniff');
});

test('each row of the client table gets its bytes in the way that it can take', async (t) => {
  const rows: Readonly<Record<string, number>> = {
    'UefiHttpBoot/1.0': 200,
    'iPXE/2.0.0+': 302,
    'iPXE/1.21.1+': 302,
    'GRUB 2.06': 200,
    'lwIP/2.1.2': 200,
    'httpfs2.c/0.1.5': 200,
    'UefiShell (EDK2; Linux)': 302,
    'curl/8.0': 302,
    'Wget/1.21': 302,
    'Redfish-BMC': 200,
  };
  for (const [userAgent, status] of Object.entries(rows)) {
    const get = await site.boot(path, { userAgent });
    t.is(get.status, status, userAgent);
    if (status === 200) t.deepEqual(get.body, site.bytes.kernel, userAgent);
    const head = await site.boot(path, { userAgent, method: 'HEAD' });
    t.deepEqual([head.status, head.headers['content-length']], [200, '300000'], userAgent);
  }
});

test('HEAD never touches the storage, and neither does a redirect', async (t) => {
  const untouchable = new Error('the storage was asked');
  const broker = await brokerFor(t, {
    replace: ({ blobs }) => ({ blobs: { ...blobs, follow: () => Promise.reject(untouchable) } }),
  });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
  const kernel = '/assets/k:1:x86_64/kernel';
  for (const userAgent of Object.values(agents)) {
    const { status, headers } = await broker.boot(kernel, { userAgent, method: 'HEAD' });
    t.deepEqual([status, headers['content-length'], headers.location], [200, '6', undefined], userAgent);
  }
  t.is((await broker.boot(kernel, { userAgent: agents.ipxe })).status, 302);
  t.is((await broker.boot(kernel, { userAgent: agents.grub })).status, 500);
});

test('a Location is the signed URL to the letter, and good for as long as the setting says', async (t) => {
  const made: string[] = [];
  const broker = await brokerFor(t, {
    settings: { BROKER_URL_TTL_SECONDS: '10', BROKER_STORAGE_PUBLIC_URL: 'http://storage.example:81' },
    replace: ({ blobs }) => ({
      blobs: {
        ...blobs,
        async signedUrl(...args) {
          const url = await blobs.signedUrl(...args);
          made.push(url ?? 'none');
          return url;
        },
      },
    }),
  });
  await push({ admin: withLocalStorage(broker) }, { kind: 'kernel', name: 'k', bytes: Buffer.from('x') });
  const { headers } = await broker.boot('/assets/k:1:x86_64/kernel', { userAgent: agents.curl });
  t.is(headers.location, made[0]);
  const { origin, searchParams } = new URL(headers.location ?? '');
  t.is(origin, 'http://storage.example:81');
  t.is(searchParams.get('X-Goog-Expires'), '10');
  t.truthy(searchParams.get('generation'));
});

/** What is signed for a storage's public name, sent to where it is. */
function withLocalStorage(broker: Site | Awaited<ReturnType<typeof brokerFor>>): typeof broker.admin {
  return async (target, json, asking) => {
    const answered = await broker.admin(target, json, asking);
    if (target !== '/api/v1/uploads') return answered;
    const { url, headers } = await broker.parts.blobs.uploadGrant(
      {
        bucket: broker.config.bucket,
        object: objectOf(answered.json.signed_url),
        size: 1,
        type: 'application/octet-stream',
      },
      { ttlSeconds: 60 },
    );
    return { ...answered, json: { ...answered.json, signed_url: url, headers } };
  };
}

function objectOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').slice(2).join('/'));
}

test('a redirect names the address at which the client reached the broker', async (t) => {
  const broker = await brokerFor(t, {
    settings: { BROKER_LISTEN: '[::]:0', BROKER_STORAGE_LISTEN: '[::]:0' },
  });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
  const { port } = broker.parts.localgcs;
  for (const [host, shown] of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['::1', '[::1]'],
  ] as const) {
    const asking = { userAgent: agents.ipxe, host, headers: { Host: 'evil.example' } };
    const { headers } = await ask(broker.bootPort, '/assets/k:1:x86_64/kernel', asking);
    t.true(headers.location?.startsWith(`http://${shown}:${port}/`), headers.location?.split('?')[0]);
    t.is(await (await fetch(headers.location ?? '')).text(), 'kernel');
  }
});

test('where no signed URL is as short as a client needs it, the broker streams', async (t) => {
  const replace = ({ blobs }: Parts) => ({ blobs: { ...blobs, signedUrl: async () => undefined } });
  const broker = await brokerFor(t, { replace });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
  const { status, text } = await broker.boot('/assets/k:1:x86_64/kernel', { userAgent: agents.ipxe });
  t.deepEqual([status, text], [200, 'kernel']);
  t.regex((await broker.boot('/metrics')).text, /bootbroker_deliveries_total\{[^}]*plan="stream"\} 1/);
});

test('a redirect that has expired opens nothing', async (t) => {
  let behind = 0;
  const clock = () => new Date(Date.now() - behind);
  const broker = await brokerFor(t, { clock, settings: { BROKER_URL_TTL_SECONDS: '300' } });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
  const follow = async () => {
    const { headers } = await broker.boot('/assets/k:1:x86_64/kernel', { userAgent: agents.ipxe });
    const followed = await fetch(headers.location ?? '');
    return [followed.status, await followed.text()];
  };
  t.deepEqual(await follow(), [200, 'kernel']);
  behind = 301_000;
  const [status, text] = await follow();
  t.is(status, 400);
  t.regex(String(text), /<Code>ExpiredToken<\/Code>/);
});

test('a range is answered by exactly its bytes', async (t) => {
  const all = site.bytes.kernel;
  const size = all.length;
  const ranges: readonly (readonly [string, number, number])[] = [
    ['bytes=0-0', 0, 1],
    ['bytes=100-199', 100, 200],
    ['bytes=299999-', size - 1, size],
    ['bytes=0-', 0, size],
    ['bytes=-500', size - 500, size],
    ['bytes=-300001', 0, size],
    ['bytes=299000-9999999', 299_000, size],
    ['Bytes=1-2', 1, 3],
  ];
  for (const [range, from, to] of ranges) {
    const { status, headers, body } = await get({ Range: range });
    t.is(status, 206, range);
    t.is(headers['content-range'], `bytes ${from}-${to - 1}/${size}`, range);
    t.is(headers['content-length'], String(to - from), range);
    t.true(body.equals(all.subarray(from, to)), range);
    t.truthy(headers.etag);
  }
});

test('several ranges, and what is no range, are answered by the whole', async (t) => {
  for (const range of ['bytes=0-1,5-6', 'bytes=x-', 'bytes', 'lines=0-1', 'lines=999999999-', 'bytes=--1']) {
    const { status, headers, body } = await get({ Range: range });
    t.is(status, 200, range);
    t.is(headers['content-range'], undefined);
    t.is(body.length, site.bytes.kernel.length);
  }
});

test('a range that the asset does not have is 416, with its size', async (t) => {
  for (const range of ['bytes=300000-', 'bytes=300000-300001', 'bytes=-0', 'bytes=5-2']) {
    const { status, headers, json } = await get({ Range: range });
    t.is(status, 416, range);
    t.is(headers['content-range'], 'bytes */300000');
    t.is(json.type, 'urn:bootbroker:problem:range-not-satisfiable');
  }
});

test('preconditions are weighed in the order of RFC 9110', async (t) => {
  const { etag = '', 'last-modified': modified = '' } = (await get({}, 'HEAD')).headers;
  const [before, after] = [-3_600_000, 3_600_000].map((ms) =>
    new Date(Date.parse(modified) + ms).toUTCString(),
  );
  const cases: readonly (readonly [Record<string, string | undefined>, number])[] = [
    [{ 'If-Match': etag }, 200],
    [{ 'If-Match': `"x", ${etag}` }, 200],
    [{ 'If-Match': '*' }, 200],
    [{ 'If-Match': '"x"' }, 412],
    [{ 'If-Match': `W/${etag}` }, 412],
    [{ 'If-Unmodified-Since': modified }, 200],
    [{ 'If-Unmodified-Since': before }, 412],
    [{ 'If-Unmodified-Since': 'yesterday' }, 200],
    [{ 'If-Match': etag, 'If-Unmodified-Since': before }, 200],
    [{ 'If-None-Match': etag }, 304],
    [{ 'If-None-Match': `W/${etag}` }, 304],
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-None-Match': '"x"' }, 200],
    [{ 'If-Modified-Since': modified }, 304],
    [{ 'If-Modified-Since': after }, 304],
    [{ 'If-Modified-Since': before }, 200],
    [{ 'If-None-Match': '"x"', 'If-Modified-Since': after }, 200],
    [{ 'If-Match': '"x"', 'If-None-Match': etag }, 412],
    [{ Range: 'bytes=0-9', 'If-Range': etag }, 206],
    [{ Range: 'bytes=0-9', 'If-Range': modified }, 206],
    [{ Range: 'bytes=0-9', 'If-Range': '"x"' }, 200],
    [{ Range: 'bytes=0-9', 'If-Range': `W/${etag}` }, 200],
    [{ Range: 'bytes=0-9', 'If-Range': before }, 200],
    [{ Range: 'bytes=0-9', 'If-Match': etag }, 206],
    [{ Range: 'bytes=0-9', 'If-None-Match': etag }, 304],
  ];
  for (const [headers, wanted] of cases) {
    const shown = JSON.stringify(headers);
    const got = await get(headers as Record<string, string>);
    t.is(got.status, wanted, shown);
    if (wanted === 304) t.deepEqual([got.body.length, got.headers.etag], [0, etag], shown);
    if (wanted !== 206)
      t.is((await get(headers as Record<string, string>, 'HEAD')).status, wanted, `HEAD ${shown}`);
  }
});

test('a boot leaves its trail: the script, and each asset once, however many ranges it is read in', async (t) => {
  const { machine } = site;
  await site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  await site.boot(`${path}?machine=${machine}`, { userAgent: agents.ipxe });
  const ranged = { userAgent: agents.grub };
  await site.boot(`${path}?machine=${machine}`, { ...ranged, method: 'HEAD' });
  for (const range of ['0-9', '10-19', '20-'])
    await site.boot(`${path}?machine=${machine}`, { ...ranged, headers: { Range: `bytes=${range}` } });
  const { items } = (await site.admin(`/api/v1/boots?machine=${machine}`)).json;
  t.deepEqual(
    stepsOf(items).map(({ stage, detail = '' }) => `${stage} ${detail.split(',')[0]}`.trim()),
    ['script', 'asset kernel debian@12 by redirect', 'asset kernel debian@12 by stream'],
  );
  t.like(items[0], { machine_id: machine, revision: site.revision, source: '127.0.0.1' });
});
