import test from 'ava';
import { hmacSigner } from '../../src/sign/hmac.ts';
import { rsaSigner } from '../../src/sign/rsa.ts';
import { signUrl } from '../../src/sign/v4.ts';
import { BUCKET, bytes, crc, hmacKey, md5, RSA_EMAIL, rsaKey, storage } from './support.ts';

test('a signed GET gives the bytes with the headers that Cloud Storage gives', async (t) => {
  const { put, sign, ask } = await storage(t);
  const data = bytes(300_000);
  const { generation } = await put('a kernel/é+%.img', data, 'application/efi');
  const answered = await ask(await sign({ method: 'GET', object: 'a kernel/é+%.img' }));
  t.is(answered.status, 200, answered.text);
  t.deepEqual(answered.body, data);
  t.true(answered.rawHeaders.includes('Content-Length'));
  t.is(answered.headers['content-length'], '300000');
  t.is(answered.headers['content-type'], 'application/efi');
  t.is(answered.headers['accept-ranges'], 'bytes');
  t.is(answered.headers['x-goog-generation'], generation);
  t.is(answered.headers['x-goog-metageneration'], '1');
  t.is(answered.headers['x-goog-hash'], `crc32c=${crc(data)},md5=${md5(data)}`);
  t.is(answered.headers['x-goog-stored-content-length'], '300000');
  t.is(answered.headers['x-goog-stored-content-encoding'], 'identity');
  t.is(answered.headers['x-goog-storage-class'], 'STANDARD');
  t.is(answered.headers.etag, `"${Buffer.from(md5(data), 'base64').toString('hex')}"`);
  t.truthy(Date.parse(answered.headers['last-modified'] ?? ''));
});

test('a HEAD says the same as the GET, without bytes, also on the signature of a GET', async (t) => {
  const { put, sign, ask } = await storage(t);
  await put('kernel', bytes(5000));
  const target = await sign({ method: 'GET', object: 'kernel' });
  const got = await ask(target);
  const head = await ask(target, { method: 'HEAD' });
  t.is(head.status, 200);
  t.is(head.body.length, 0);
  const { date: _, ...headers } = got.headers;
  const { date: __, ...headHeaders } = head.headers;
  t.deepEqual(headHeaders, headers);
});

test('the token opens what a signature opens', async (t) => {
  const { put, admin } = await storage(t);
  await put('kernel', 'bytes');
  t.is((await admin(`/${BUCKET}/kernel`)).text, 'bytes');
  t.is((await admin(`/${BUCKET}/kernel`, { method: 'DELETE' })).status, 204);
  t.is((await admin(`/${BUCKET}/kernel`)).status, 404);
});

test('an RSA key that the storage knows signs too', async (t) => {
  const { put, ask, origin } = await storage(t);
  await put('kernel', 'bytes');
  const signer = rsaSigner({ email: RSA_EMAIL, privateKey: rsaKey.privateKey });
  const when = { now: new Date(), expiresSeconds: 60 };
  const url = await signUrl(
    { method: 'GET', bucket: BUCKET, object: 'kernel', endpoint: origin },
    signer,
    when,
  );
  t.is((await ask(url.slice(origin.length))).text, 'bytes');
});

test('a Range gives those bytes', async (t) => {
  const { put, sign, ask } = await storage(t);
  const data = bytes(1000);
  await put('kernel', data);
  const target = await sign({ method: 'GET', object: 'kernel' });
  const cases: [string, number, number][] = [
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=990-', 990, 1000],
    ['bytes=990-5000', 990, 1000],
    ['bytes=-5', 995, 1000],
    ['bytes=-5000', 0, 1000],
  ];
  for (const [range, start, end] of cases) {
    const answered = await ask(target, { headers: { range } });
    t.is(answered.status, 206, range);
    t.deepEqual(answered.body, data.subarray(start, end), range);
    t.is(answered.headers['content-range'], `bytes ${start}-${end - 1}/1000`);
    t.is(answered.headers['content-length'], String(end - start));
  }
  for (const range of ['lines=1-2', 'bytes=0-1,4-5', 'bytes=', 'bytes=x-1']) {
    const answered = await ask(target, { headers: { range } });
    t.is(answered.status, 200, range);
    t.deepEqual(answered.body, data, range);
  }
});

test('a Range behind the end is 416 InvalidRange and says the size', async (t) => {
  const { put, sign, ask } = await storage(t);
  await put('kernel', bytes(1000));
  await put('empty', '');
  const target = await sign({ method: 'GET', object: 'kernel' });
  for (const range of ['bytes=1000-', 'bytes=1000-1001', 'bytes=-0', 'bytes=5-2']) {
    const answered = await ask(target, { headers: { range } });
    t.is(answered.status, 416, range);
    t.is(answered.headers['content-range'], 'bytes */1000');
    t.regex(answered.text, /<Code>InvalidRange<\/Code>/);
    t.regex(answered.headers['content-type'] ?? '', /^application\/xml/);
  }
  const empty = await ask(await sign({ method: 'GET', object: 'empty' }), { headers: { range: 'bytes=0-' } });
  t.is(empty.status, 416);
});

test('an empty object is 200 with no bytes', async (t) => {
  const { put, sign, ask } = await storage(t);
  await put('empty', '');
  const answered = await ask(await sign({ method: 'GET', object: 'empty' }));
  t.is(answered.status, 200);
  t.is(answered.headers['content-length'], '0');
  t.is(answered.body.length, 0);
});

test('conditions are judged in the order of RFC 9110', async (t) => {
  const { put, sign, ask } = await storage(t);
  const data = bytes(100);
  await put('kernel', data);
  const target = await sign({ method: 'GET', object: 'kernel' });
  const { etag = '', 'last-modified': modified = '' } = (await ask(target)).headers;
  const before = new Date(Date.parse(modified) - 60_000).toUTCString();
  const cases: [Record<string, string>, number][] = [
    [{ 'if-match': etag }, 200],
    [{ 'if-match': `"other", ${etag}` }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"other"' }, 412],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `W/${etag}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-none-match': '"other"', 'if-modified-since': modified }, 200],
    [{ 'if-modified-since': modified }, 304],
    [{ 'if-modified-since': before }, 200],
    [{ 'if-unmodified-since': modified }, 200],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-match': etag, 'if-unmodified-since': before }, 200],
    [{ range: 'bytes=0-9', 'if-range': etag }, 206],
    [{ range: 'bytes=0-9', 'if-range': modified }, 206],
    [{ range: 'bytes=0-9', 'if-range': '"other"' }, 200],
    [{ range: 'bytes=0-9', 'if-range': before }, 200],
    [{ range: 'bytes=500-', 'if-none-match': etag }, 304],
    [{ range: 'bytes=500-', 'if-match': '"other"' }, 412],
  ];
  for (const [headers, status] of cases) {
    const answered = await ask(target, { headers });
    t.is(answered.status, status, JSON.stringify(headers));
    if (status === 304) t.is(answered.headers.etag, etag);
    if (status === 412) t.regex(answered.text, /<Code>PreconditionFailed<\/Code>/);
  }
});

test('a signed generation is that one or none, and so is a signed precondition', async (t) => {
  const { put, sign, ask } = await storage(t);
  const first = await put('kernel', 'first');
  const object = 'kernel';
  const pinned = await sign({ method: 'GET', object, query: { generation: first.generation ?? '' } });
  const headers = { 'x-goog-if-generation-match': first.generation ?? '' };
  const matching = await sign({ method: 'GET', object, headers });
  t.is((await ask(pinned)).text, 'first');
  t.is((await ask(matching, { headers })).text, 'first');
  const second = await put('kernel', 'second');
  t.true(Number(second.generation) > Number(first.generation));
  const gone = await ask(pinned);
  t.is(gone.status, 404);
  t.regex(gone.text, /<Code>NoSuchKey<\/Code>/);
  t.is((await ask(matching, { headers })).status, 412);
  t.is((await ask(await sign({ method: 'GET', object, query: { generation: 'x' } }))).status, 400);
});

test('response-content-type and -disposition stand in for what is stored', async (t) => {
  const { put, sign, ask } = await storage(t);
  await put('kernel', 'bytes', 'text/plain');
  const query = { 'response-content-type': 'application/efi', 'response-content-disposition': 'attachment' };
  const answered = await ask(await sign({ method: 'GET', object: 'kernel', query }));
  t.is(answered.headers['content-type'], 'application/efi');
  t.is(answered.headers['content-disposition'], 'attachment');
  const evil = { 'response-content-type': 'text/html\r\nSet-Cookie: a=b' };
  t.is((await ask(await sign({ method: 'GET', object: 'kernel', query: evil }))).status, 400);
});

test('errors are the XML and the codes of Cloud Storage', async (t) => {
  const { put, sign, ask, origin } = await storage(t);
  await put('kernel', 'bytes');
  const request = { method: 'GET', object: 'kernel' } as const;

  const expired = await ask(await sign(request, { now: new Date(Date.now() - 120_000), seconds: 60 }));
  t.is(expired.status, 400);
  t.regex(expired.text, /^<\?xml version='1.0' encoding='UTF-8'\?><Error><Code>ExpiredToken<\/Code>/);
  t.regex(
    expired.text,
    /<Message>Invalid argument.<\/Message><Details>The provided token has expired. .*expired at: 20/,
  );

  const good = await sign(request);
  const wrong = await ask(good.replace(/.$/, (last) => (last === '0' ? '1' : '0')));
  t.is(wrong.status, 403);
  t.regex(wrong.text, /<Code>SignatureDoesNotMatch<\/Code>/);
  t.regex(wrong.text, /<StringToSign>GOOG4-HMAC-SHA256\n/);
  t.regex(wrong.text, /<CanonicalRequest>GET\n\/boot-assets\/kernel\n/);
  t.is((await ask(good.replace('/kernel', '/kernel2'))).status, 403);
  t.is((await ask(good, { method: 'DELETE' })).status, 403);
  t.is((await ask(good, { method: 'PUT', body: 'x' })).status, 403);

  const long = await ask(good.replace('X-Goog-Expires=600', 'X-Goog-Expires=9999999'));
  t.is(long.status, 400);
  t.regex(long.text, /<Code>MalformedSecurityHeader<\/Code>/);

  const missing = await ask(await sign({ method: 'GET', object: 'no & such <key>' }));
  t.is(missing.status, 404);
  t.regex(missing.text, /<Code>NoSuchKey<\/Code>.*no &amp; such &lt;key&gt;/);

  const other = { method: 'GET', bucket: 'other', object: 'kernel', endpoint: origin } as const;
  const url = await signUrl(other, hmacSigner(hmacKey), { now: new Date(), expiresSeconds: 60 });
  const noBucket = await ask(url.slice(origin.length));
  t.is(noBucket.status, 404);
  t.regex(noBucket.text, /<Code>NoSuchBucket<\/Code>/);

  const stranger = hmacSigner({ accessId: 'GOOG1ESTRANGER', secret: 'x' });
  const theirs = await signUrl({ ...other, bucket: BUCKET }, stranger, {
    now: new Date(),
    expiresSeconds: 60,
  });
  t.is((await ask(theirs.slice(origin.length))).status, 403);

  t.is((await ask(`/${BUCKET}/kernel`)).status, 401);
  t.regex((await ask(`/${BUCKET}/kernel`)).text, /<Code>AuthenticationRequired<\/Code>/);
  t.is((await ask(`${origin}${good}`)).status, 400);
});

test('what is being read is read to its end while it is overwritten and deleted', async (t) => {
  const { put, sign, origin, admin } = await storage(t);
  const data = bytes(20_000_000);
  await put('kernel', data);
  const response = await fetch(origin + (await sign({ method: 'GET', object: 'kernel' })));
  const reader = response.body?.getReader();
  const read = [(await reader?.read())?.value ?? new Uint8Array()];
  await put('kernel', 'new');
  t.is((await admin(`/${BUCKET}/kernel`, { method: 'DELETE' })).status, 204);
  for (let next = await reader?.read(); next?.value; next = await reader?.read()) read.push(next.value);
  t.true(Buffer.concat(read).equals(data));
});

test('health needs no admission', async (t) => {
  const { ask } = await storage(t);
  for (const path of ['/healthz', '/readyz', '/health/startup', '/health/liveness'])
    t.is((await ask(path)).status, 200, path);
});
