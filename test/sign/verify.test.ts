import { createHash } from 'node:crypto';
import test from 'ava';
import { signUrl } from '../../src/sign/v4.ts';
import { verifyUrl } from '../../src/sign/verify.ts';
import { hmac, keyOf, rsa } from './keys.ts';
import { receive } from './received.ts';
import { endpoint, minutes, now, retarget, signed, verify } from './signed.ts';

for (const signer of [hmac, rsa])
  test(`a good ${signer.algorithm} URL opens exactly what it names`, async (t) => {
    const received = await signed({ query: { generation: '17' } }, signer);
    t.deepEqual(verify(received), {
      ok: true,
      bucket: 'boot-assets',
      object: 'assets/7/linux.efi',
      query: new Map([['generation', '17']]),
      identity: signer.identity,
      expires: minutes(10),
      contentSha256: undefined,
    });
  });

test('HEAD opens what GET may, and nothing else opens another method', async (t) => {
  const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const;
  for (const signer of [hmac, rsa])
    for (const method of methods) {
      const received = await signed({ method }, signer);
      for (const asked of methods) {
        const verdict = verify({ ...received, method: asked });
        if (asked === method || (asked === 'HEAD' && method === 'GET')) t.true(verdict.ok);
        else t.like(verdict, { ok: false, failure: { kind: 'method', signedFor: method } });
      }
    }
});

test('a signature that starts an upload opens neither PUT nor DELETE', async (t) => {
  const start = await signed({ method: 'POST', headers: { 'x-goog-resumable': 'start' } });
  t.true(verify(start).ok);
  for (const method of ['PUT', 'DELETE', 'GET', 'HEAD'])
    t.like(verify({ ...start, method }), { ok: false, failure: { kind: 'method', signedFor: 'POST' } });
  t.like(verify({ ...start, rawHeaders: start.rawHeaders.slice(0, 2) }), {
    failure: { kind: 'header', header: 'x-goog-resumable' },
  });
});

test('a URL works from 15 minutes before its date until its last second, and says when that is', async (t) => {
  const received = await signed();
  const early = minutes(-15);
  t.true(verify(received, early).ok);
  t.like(verify(received, new Date(early.getTime() - 1)), {
    ok: false,
    failure: { kind: 'not-yet-valid', from: early },
  });
  const end = minutes(10);
  t.true(verify(received, new Date(end.getTime() - 1)).ok);
  t.like(verify(received, end), { ok: false, failure: { kind: 'expired', at: end } });
  t.false(verify(received, new Date(Number.NaN)).ok);
});

test('only a genuine URL is called expired', async (t) => {
  const forged = retarget(await signed(), 'linux.efi', 'other.efi');
  t.like(verify(forged, minutes(60)), { ok: false, failure: { kind: 'wrong-signature' } });
});

test('the host is judged without its letter case, as it was sent and without its port', async (t) => {
  const received = await signed();
  const from = (host: string) => verify({ ...received, rawHeaders: ['Host', host] });
  t.true(from('127.0.0.1').ok);
  t.true(from('127.0.0.1:9999').ok);
  t.like(from('127.0.0.2:8082'), { ok: false, failure: { kind: 'wrong-signature' } });
  t.true(
    verify({
      ...(await signed({ endpoint: 'http://Boot.Example' })),
      rawHeaders: ['hOsT', 'bOOt.eXAMPLE:80'],
    }).ok,
  );
  t.true(
    verify({ ...(await signed({ endpoint: 'http://[::1]:8082' })), rawHeaders: ['Host', '[::1]:8082'] }).ok,
  );
  for (const host of ['', ' ', '127.0.0.1:', '127.0.0.1:8082:1', 'a@127.0.0.1', '127.0.0.1/x', '::1'])
    t.like(from(host), { ok: false, failure: { kind: 'host' } });
});

test('a URL whose port was signed too is good at that port alone', async (t) => {
  // Google's clients sign no port, and neither do we: this signature is made by hand.
  const good = await signed();
  const refusal = verify(retarget(good, /Signature=.*/, 'Signature=00'));
  const canonical = (!refusal.ok && refusal.canonicalRequest) || '';
  const withPort = canonical.replace('host:127.0.0.1\n', 'host:127.0.0.1:8082\n');
  t.not(withPort, canonical);
  const digest = createHash('sha256').update(withPort).digest('hex');
  const scope = { date: '20260506', location: 'auto', service: 'storage', requestType: 'goog4_request' };
  const text = `GOOG4-HMAC-SHA256\n20260506T070809Z\n20260506/auto/storage/goog4_request\n${digest}`;
  const received = retarget(good, /Signature=.*/, `Signature=${await hmac.sign(text, scope)}`);
  t.true(verify(received).ok);
  for (const host of ['127.0.0.1', '127.0.0.1:8083'])
    t.like(verify({ ...received, rawHeaders: ['Host', host] }), { failure: { kind: 'wrong-signature' } });
});

test('a host that the storage knows by another name is named', async (t) => {
  const received = { ...(await signed()), rawHeaders: ['Host', 'localhost:8082'] };
  t.like(verifyUrl(received, keyOf, now, { names: ['storage.example', '127.0.0.1'] }), {
    ok: false,
    failure: { kind: 'host', signedFor: '127.0.0.1' },
  });
  t.like(verifyUrl(received, keyOf, now, { names: ['storage.example'] }), {
    failure: { kind: 'wrong-signature' },
  });
});

test('on a host of its own a bucket is no part of the path', async (t) => {
  const bucketOf = (host: string) =>
    host === 'mine.example' ? 'mine' : /^(.+)\.storage\.googleapis\.com$/.exec(host)?.[1];
  const own = await signed({
    bucket: 'mine',
    object: 'a/b',
    style: 'bucket-bound',
    endpoint: 'http://mine.example:81',
  });
  t.like(verifyUrl(own, keyOf, now, { bucketOf }), { ok: true, bucket: 'mine', object: 'a/b' });
  const virtual = await signed({
    bucket: 'b.c',
    object: '/d',
    style: 'virtual-hosted',
    endpoint: 'https://storage.googleapis.com',
  });
  t.like(verifyUrl(virtual, keyOf, now, { bucketOf }), { ok: true, bucket: 'b.c', object: '/d' });
  const whole = receive(
    await signUrl({ method: 'GET', bucket: 'b', endpoint }, hmac, { now, expiresSeconds: 1 }),
  );
  t.like(verifyUrl(whole, keyOf, now, { bucketOf }), { ok: true, bucket: 'b', object: undefined });
});

test("a signed payload hash comes back for the body's reader to compare", async (t) => {
  const contentSha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
  const received = await signed({ method: 'PUT', headers: { 'X-Goog-Content-SHA256': contentSha256 } });
  t.like(verify(received), { ok: true, contentSha256 });
});

test('a signed header counts by its words, not by its spaces', async (t) => {
  const received = await signed({ method: 'PUT', headers: { 'Content-Type': 'text/plain; a=b' } });
  const sending = (type: string) =>
    verify({ ...received, rawHeaders: ['Host', '127.0.0.1', 'content-type', type] });
  t.true(sending('  text/plain; \t a=b ').ok);
  t.like(sending('text/plain; a=c'), { failure: { kind: 'wrong-signature' } });
  t.like(sending('text/plain;\u00a0a=b'), { failure: { kind: 'header', header: 'content-type' } });
  t.like(sending('text/plain; a=\u00e9'), { failure: { kind: 'header', header: 'content-type' } });
});
