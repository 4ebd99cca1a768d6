import { generateKeyPairSync, sign } from 'node:crypto';
import test from 'ava';
import { type Failure, type Received, type VerifyingKey, verifyUrl } from '../../src/sign/verify.ts';
import { hmac, hmacKey, rsa, rsaKey } from './keys.ts';
import { now, retarget, signed, verify } from './signed.ts';

/** A good URL, changed; and the refusal that must come. */
const refusals: Record<
  string,
  [(good: Received) => Received, { kind: Failure['kind']; [detail: string]: unknown }]
> = {
  'a parameter added': [
    (good) => retarget(good, /$/, '&response-content-type=text/html'),
    { kind: 'tampered-parameter', parameter: 'response-content-type' },
  ],
  'a parameter changed': [
    (good) => retarget(good, 'generation=17', 'generation=18'),
    { kind: 'wrong-signature' },
  ],
  'a parameter taken away': [(good) => retarget(good, 'generation=17&', ''), { kind: 'wrong-signature' }],
  'a parameter twice': [
    (good) => retarget(good, /$/, '&generation=17'),
    { kind: 'invalid-parameter', parameter: 'generation' },
  ],
  'a parameter twice, in other letters': [
    (good) => retarget(good, /$/, '&GENERATION=17'),
    { kind: 'invalid-parameter', parameter: 'GENERATION' },
  ],
  'a signing parameter twice, in other letters': [
    (good) => retarget(good, /$/, '&x-goog-expires=604800'),
    { kind: 'invalid-parameter', parameter: 'x-goog-expires' },
  ],
  'a signing parameter twice, one of them encoded': [
    (good) => retarget(good, /$/, '&%58-Goog-Expires=604800'),
    { kind: 'invalid-parameter', parameter: 'X-Goog-Expires' },
  ],
  'a signing parameter spelled in small letters': [
    (good) => retarget(good, 'X-Goog-Signature', 'x-goog-signature'),
    { kind: 'invalid-parameter', parameter: 'X-Goog-Signature' },
  ],
  'an empty parameter': [(good) => retarget(good, /$/, '&'), { kind: 'tampered-parameter', parameter: '' }],
  'a longer life': [(good) => retarget(good, 'Expires=600', 'Expires=6000'), { kind: 'wrong-signature' }],
  'a semicolon for an ampersand': [
    (good) => retarget(good, '&X-Goog-Signature', ';X-Goog-Signature'),
    { kind: 'invalid-parameter', parameter: 'X-Goog-Signature' },
  ],
  'another object': [(good) => retarget(good, 'linux.efi', 'linux.eff'), { kind: 'wrong-signature' }],
  'dot segments in the path': [
    (good) => retarget(good, 'assets/7', 'assets/./7'),
    { kind: 'wrong-signature' },
  ],
  'a fragment': [(good) => retarget(good, /$/, '#x'), { kind: 'malformed' }],
  'an absolute target': [(good) => retarget(good, /^/, 'http://127.0.0.1'), { kind: 'malformed' }],
  'an empty target': [(good) => ({ ...good, target: '' }), { kind: 'malformed' }],
  'an asterisk': [(good) => ({ ...good, method: 'GET', target: '*' }), { kind: 'malformed' }],
  'no bucket': [(good) => retarget(good, /^[^?]*/, '/'), { kind: 'malformed' }],
  'an empty bucket': [(good) => retarget(good, /^\/boot-assets/, '/'), { kind: 'malformed' }],
  'half an escape in the path': [(good) => retarget(good, 'linux', 'linux%2'), { kind: 'malformed' }],
  'half an escape in the query': [(good) => retarget(good, /$/, '%'), { kind: 'malformed' }],
  'an escape that is no UTF-8': [(good) => retarget(good, 'linux', '%C0%AF'), { kind: 'malformed' }],
  'half a surrogate pair': [(good) => retarget(good, 'linux', '%ED%A0%80'), { kind: 'malformed' }],
  'an encoded NUL in the path': [(good) => retarget(good, 'linux', '%00'), { kind: 'malformed' }],
  'an encoded NUL in the query': [(good) => retarget(good, '=17', '=17%00'), { kind: 'malformed' }],
  'a bare NUL': [(good) => retarget(good, 'linux', '\0'), { kind: 'malformed' }],
  'a bare space': [(good) => retarget(good, 'linux', ' '), { kind: 'malformed' }],
  'a bare byte above ASCII': [(good) => retarget(good, 'linux', '\xff'), { kind: 'malformed' }],
  'no query': [
    (good) => retarget(good, /\?.*/, ''),
    { kind: 'invalid-parameter', parameter: 'X-Goog-Algorithm' },
  ],
  'a method that no URL is for': [
    (good) => ({ ...good, method: 'PATCH' }),
    { kind: 'method', signedFor: undefined },
  ],
  'a method in small letters': [
    (good) => ({ ...good, method: 'get' }),
    { kind: 'method', signedFor: undefined },
  ],
  'no Host': [(good) => ({ ...good, rawHeaders: [] }), { kind: 'host' }],
  'Host twice': [
    (good) => ({ ...good, rawHeaders: [...good.rawHeaders, ...good.rawHeaders] }),
    { kind: 'host' },
  ],
  'Host twice, in other letters': [
    (good) => ({ ...good, rawHeaders: [...good.rawHeaders, 'HOST', 'evil.example'] }),
    { kind: 'host' },
  ],
  'an unsigned x-goog header': [
    (good) => ({ ...good, rawHeaders: [...good.rawHeaders, 'X-Goog-Acl', 'public-read'] }),
    { kind: 'header', header: 'x-goog-acl' },
  ],
  'a signed header twice': [
    (good) => ({ ...good, rawHeaders: [...good.rawHeaders, 'X-GOOG-META-A', 'b'] }),
    { kind: 'header', header: 'x-goog-meta-a' },
  ],
  'a signed header missing': [
    (good) => ({ ...good, rawHeaders: good.rawHeaders.slice(0, 2) }),
    { kind: 'header', header: 'x-goog-meta-a' },
  ],
  'an unknown algorithm': [
    (good) => retarget(good, /Algorithm=[^&]*/, 'Algorithm=GOOG4-HMAC-MD5'),
    { kind: 'invalid-parameter', parameter: 'X-Goog-Algorithm' },
  ],
  "Amazon's algorithm": [
    (good) => retarget(good, /Algorithm=[^&]*/, 'Algorithm=AWS4-HMAC-SHA256'),
    { kind: 'invalid-parameter', parameter: 'X-Goog-Algorithm' },
  ],
  'an identity that nobody knows': [
    (good) => retarget(good, /Credential=.*?%2F/, 'Credential=nobody%2F'),
    { kind: 'unknown-identity', identity: 'nobody' },
  ],
};

const refused: Record<string, readonly string[]> = {
  'X-Goog-Date': [
    '20260506T070809',
    '20260506T070809z',
    '2026-05-06T07:08:09Z',
    '20260231T070809Z',
    '20261306T070809Z',
    '20260506T240000Z',
    '20260506T070860Z',
    '20260505T070809Z',
    '+20260506T070809Z',
    '20260506T070809Z%0A',
    '',
  ],
  'X-Goog-Expires': [
    '0',
    '-1',
    '%2B600',
    '+600',
    '0600',
    '600.0',
    '6e2',
    '0x258',
    ' 600',
    '600%20',
    '604801',
    '999999999999',
    'NaN',
    '١',
    '',
  ].map(encodeURI),
  'X-Goog-SignedHeaders': [
    'x-goog-meta-a',
    'Host%3Bx-goog-meta-a',
    'X-Goog-Meta-A%3Bhost',
    'x-goog-meta-a%3Bhost',
    'host%3Bhost%3Bx-goog-meta-a',
    'host%3B',
    '%3Bhost',
    'host%2Cx-goog-meta-a',
    '',
  ],
  'X-Goog-Credential': [
    'GOOG1EXAMPLEACCESSID',
    'GOOG1EXAMPLEACCESSID/20260506/auto/storage',
    'GOOG1EXAMPLEACCESSID/20260506//storage/goog4_request',
    '/20260506/auto/storage/goog4_request',
    'GOOG1EXAMPLEACCESSID/20260506/auto/s3/goog4_request',
    'GOOG1EXAMPLEACCESSID/20260506/auto/storage/aws4_request',
    'GOOG1EXAMPLEACCESSID/2026056/auto/storage/goog4_request',
    'a/GOOG1EXAMPLEACCESSID/20260506/auto/storage/goog4_request',
    '',
  ],
};
for (const [parameter, values] of Object.entries(refused))
  for (const value of values) {
    const named = { kind: 'invalid-parameter', parameter } as const;
    refusals[`${parameter} "${value}"`] = [
      (good) => retarget(good, new RegExp(`${parameter}=[^&]*`), `${parameter}=${value}`),
      named,
    ];
  }

for (const [what, [change, failure]] of Object.entries(refusals))
  test(`refused: ${what}`, async (t) => {
    for (const signer of [hmac, rsa]) {
      const good = await signed({ query: { generation: '17' }, headers: { 'x-goog-meta-a': 'b' } }, signer);
      t.true(verify(good).ok);
      const verdict = verify(change(good));
      t.like(verdict, { ok: false, failure });
      t.regex((!verdict.ok && verdict.failure.message) || '', /^[A-Z].{10,}/);
    }
  });

test('a signature that is short, long, odd, no hex or in capitals is a wrong signature', async (t) => {
  for (const signer of [hmac, rsa]) {
    const good = await signed({}, signer);
    const signature = /Signature=(.*)$/.exec(good.target)?.[1] ?? '';
    const capitals = signature.toUpperCase();
    t.not(capitals, signature);
    const bad = [
      '0',
      '00',
      signature.slice(1),
      signature.slice(2),
      `${signature}0`,
      `${signature}00`,
      `00${signature}`,
      capitals,
      `${signature.slice(0, -2)}zz`,
      `0x${signature.slice(2)}`,
      `${signature}%0A`,
      '%F0%9F%96%A5',
      'f'.repeat(4096),
    ];
    for (const value of bad)
      t.like(verify(retarget(good, /Signature=.*$/, `Signature=${value}`)), {
        ok: false,
        failure: { kind: 'wrong-signature' },
      });
  }
});

test('a key verifies nothing but the algorithm it is for', async (t) => {
  const byHmac = await signed({}, hmac);
  const byRsa = await signed({}, rsa);
  const against = (received: Received, key: VerifyingKey) => verifyUrl(received, () => key, now);
  t.like(against(byRsa, hmacKey), { failure: { kind: 'algorithm', algorithm: 'GOOG4-RSA-SHA256' } });
  t.like(against(byHmac, rsaKey), { failure: { kind: 'algorithm', algorithm: 'GOOG4-HMAC-SHA256' } });
  const relabelled = retarget(byRsa, 'GOOG4-RSA-SHA256', 'GOOG4-HMAC-SHA256');
  t.like(against(relabelled, rsaKey), { failure: { kind: 'algorithm' } });
  t.like(against(relabelled, hmacKey), { failure: { kind: 'wrong-signature' } });
  t.like(against(retarget(byHmac, 'GOOG4-HMAC-SHA256', 'GOOG4-RSA-SHA256'), rsaKey), {
    failure: { kind: 'wrong-signature' },
  });
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsa = (text: string) => sign('sha256', Buffer.from(text), curve.privateKey).toString('hex');
  const byCurve = await signed({}, { ...rsa, sign: ecdsa });
  t.like(against(byCurve, { algorithm: 'GOOG4-RSA-SHA256', publicKey: curve.publicKey }), {
    failure: { kind: 'wrong-signature' },
  });
});

test('a refusal of the signature shows what was compared, and never a signature', async (t) => {
  const good = await signed();
  const signature = /Signature=(.*)$/.exec(good.target)?.[1] ?? '';
  const verdict = verify(retarget(good, /Signature=.*$/, `Signature=${'0'.repeat(64)}`));
  t.like(verdict, { ok: false, failure: { kind: 'wrong-signature' } });
  t.regex(
    (!verdict.ok && verdict.canonicalRequest) || '',
    /^GET\n\/boot-assets\/assets\/7\/linux\.efi\nX-Goog-Alg/,
  );
  t.regex(
    (!verdict.ok && verdict.stringToSign) || '',
    /^GOOG4-HMAC-SHA256\n20260506T070809Z\n20260506\/auto\/stor/,
  );
  t.false(JSON.stringify(verdict).includes(signature));
});
