import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { rsaSigner } from '../../src/sign/rsa.ts';
import { signUrl, type UrlRequest } from '../../src/sign/v4.ts';
import { hmac } from './keys.ts';

const now = new Date('2026-05-06T07:08:09.999Z');
const request: UrlRequest = { method: 'GET', bucket: 'boot-assets', object: 'linux.efi' };

test('a time is cut to whole seconds and the location is auto unless told', async (t) => {
  const url = await signUrl(request, hmac, { now, expiresSeconds: 60 });
  t.regex(url, /X-Goog-Credential=GOOG1EXAMPLEACCESSID%2F20260506%2Fauto%2Fstorage%2Fgoog4_request&/);
  t.regex(url, /&X-Goog-Date=20260506T070809Z&X-Goog-Expires=60&/);
  const there = await signUrl(request, hmac, { now, expiresSeconds: 60, location: 'us-east1' });
  t.regex(there, /%2F20260506%2Fus-east1%2Fstorage/);
});

test('an HMAC URL fits the 1 KiB header of a small BMC', async (t) => {
  const serviceAccount = { ...hmac, identity: `GOOG1E${'X'.repeat(55)}` };
  const url = await signUrl({ ...request, bucket: 'b'.repeat(31), object: 'o'.repeat(39) }, serviceAccount, {
    now,
    expiresSeconds: 604_800,
  });
  t.true(url.length < 430, `${url.length} characters`);
});

const faults: Record<string, Partial<UrlRequest>> = {
  'a bucket without a name': { bucket: '' },
  'a bucket with a slash': { bucket: 'boot-assets/linux' },
  'a bucket that would be a user of another host': { bucket: 'a@evil', style: 'virtual-hosted' },
  'an object without a name': { object: '' },
  'an endpoint with a path': { endpoint: 'http://127.0.0.1:8082/storage' },
  'an endpoint without a scheme': { endpoint: '127.0.0.1:8082' },
  'an endpoint with a user': { endpoint: 'http://user@127.0.0.1' },
  'a parameter that signing sets': { query: { 'x-goog-expires': '1' } },
  'a parameter twice': { query: { generation: '1', Generation: '2' } },
  'a host of its own': { headers: { Host: 'evil.example' } },
  'a header twice': { headers: { 'Content-Type': 'a', 'content-type': 'b' } },
  'a header name with a colon': { headers: { 'a:b': 'c' } },
  'a header value outside ASCII': { headers: { a: 'é' } },
};
for (const [what, fault] of Object.entries(faults))
  test(`nobody signs ${what}`, async (t) => {
    await t.throwsAsync(signUrl({ ...request, ...fault }, hmac, { now, expiresSeconds: 60 }), {
      instanceOf: RangeError,
    });
  });

test('nobody signs for less than a second, more than seven days, or a part of a second', async (t) => {
  for (const expiresSeconds of [0, -1, 604_801, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    await t.throwsAsync(signUrl(request, hmac, { now, expiresSeconds }), { instanceOf: RangeError });
  await t.notThrowsAsync(signUrl(request, hmac, { now, expiresSeconds: 604_800 }));
});

test('an RSA signer takes RSA private keys only', (t) => {
  const email = 'signer@project.iam.gserviceaccount.com';
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  for (const privateKey of [ec.privateKey, rsa.publicKey, pss.privateKey])
    t.throws(() => rsaSigner({ email, privateKey }), { instanceOf: TypeError });
  t.is(rsaSigner({ email, privateKey: rsa.privateKey }).identity, email);
});
