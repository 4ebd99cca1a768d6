import { createHmac } from 'node:crypto';
import test from 'ava';
import type { JWTPayload } from 'jose';
import type { RoleRule } from '../../../src/boot/access/claims.ts';
import { isRefusal } from '../../../src/boot/problem.ts';
import { type OidcOptions, oidcVerifier } from '../../../src/http/admin/login/oidc.ts';
import { type LogLine, recorder } from '../../support/broker.ts';
import {
  audience,
  ecKey,
  type FakeIssuer,
  fakeIssuer,
  forged,
  issuersKey,
  issuersPem,
  strangersKey,
} from '../../support/fake-issuer.ts';

const rules: readonly RoleRule[] = [
  { claim: 'email', value: 'ops@example.org', role: 'admin' },
  { claim: 'groups', value: 'netboot', role: 'operator' },
  { claim: 'hd', value: 'example.org', role: 'viewer' },
];

/** Checks tokens of this issuer; the clock runs with `time.ms` ahead. */
function verifying(issuer: FakeIssuer, options: Partial<OidcOptions> = {}) {
  const time = { ms: 0 };
  const log: LogLine[] = [];
  const verify = oidcVerifier({
    oidcIssuer: issuer.origin,
    oidcAudience: ['other', audience],
    oidcRoles: rules,
    oidcJwksUrl: undefined,
    clock: () => new Date(Date.now() + time.ms),
    log: recorder(log),
    ...options,
  });
  return { time, verify, log };
}

async function refused(verdict: ReturnType<ReturnType<typeof oidcVerifier>>, what = '') {
  const refusal = await verdict;
  if (!isRefusal(refusal)) throw new Error(`${what}: taken for ${JSON.stringify(refusal)}`);
  return refusal;
}

test('a good token speaks for its holder, with the highest role that its claims give', async (t) => {
  const issuer = await fakeIssuer(t);
  const { verify } = verifying(issuer);
  const of = async (claims: JWTPayload) => verify(await issuer.token(claims));
  t.deepEqual(await of({ email: 'ops@example.org', email_verified: true, groups: ['netboot'] }), {
    id: 'ops@example.org',
    role: 'admin',
  });
  t.deepEqual(await of({ groups: ['x', 'netboot'], hd: 'example.org' }), { id: '1234', role: 'operator' });
  t.deepEqual(await of({ groups: 'netboot' }), { id: '1234', role: 'operator' });
  t.deepEqual(await of({ hd: 'example.org', aud: ['else', 'other'] }), { id: '1234', role: 'viewer' });
  t.deepEqual(
    await verify(await issuer.token({ hd: 'example.org' }, { alg: 'ES256', kid: 'ec', key: ecKey })),
    {
      id: '1234',
      role: 'viewer',
    },
  );
});

test('claims that no rule names, or that only look like it, give no role', async (t) => {
  const issuer = await fakeIssuer(t);
  const { verify } = verifying(issuer);
  for (const claims of [
    {},
    { email: 'ops@example.org' },
    { email: 'ops@example.org', email_verified: false },
    { email: 'ops@example.org', email_verified: 'true' },
    { email: 'OPS@example.org', email_verified: true },
    { email: ['ops@example.org'], email_verified: true },
    { groups: 'netboot,x' },
    { groups: { netboot: true } },
    { groups: [['netboot']] },
    { hd: 'example.org.evil' },
    { role: 'admin' },
  ])
    t.false('role' in (await verify(await issuer.token(claims))), JSON.stringify(claims));
});

test('what the issuer did not sign with its private key is refused, whatever it says', async (t) => {
  const issuer = await fakeIssuer(t);
  const { verify } = verifying(issuer);
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer.origin, aud: audience, sub: '1', exp: now + 600, hd: 'example.org' };
  const good = await issuer.token({ hd: 'example.org' });
  const [header = '', payload = '', signature = ''] = good.split('.');
  const hs256 = forged({ alg: 'HS256', kid: 'rsa' }, claims, '').slice(0, -1);
  const bySharedPublicKey = `${hs256}.${createHmac('sha256', issuersPem).update(hs256).digest('base64url')}`;
  const other = Buffer.from(JSON.stringify({ ...claims, email: 'ops@example.org' })).toString('base64url');
  for (const [what, token] of Object.entries({
    'alg none': forged({ alg: 'none' }, claims, ''),
    'alg None': forged({ alg: 'None' }, claims, signature),
    'no alg': forged({ kid: 'rsa' }, claims, signature),
    'HS256 with the public key': bySharedPublicKey,
    'HS256 with the public key by a library': await issuer.token(
      { hd: 'example.org' },
      { alg: 'HS256', key: new TextEncoder().encode(issuersPem) },
    ),
    "a stranger's key under the issuer's id": await issuer.token({}, { key: strangersKey }),
    'a key that is not published': await issuer.token({}, { kid: 'nobody', key: strangersKey }),
    'another key of its own': await issuer.token({}, { kid: 'ec', key: issuersKey }),
    'claims of another token': `${header}.${other}.${signature}`,
    'a cut signature': `${header}.${payload}.${signature.slice(0, -4)}`,
    'no signature': `${header}.${payload}.`,
    'a signature that Cloud Run took off': `${header}.${payload}.SIGNATURE_REMOVED_BY_GOOGLE`,
    'an embedded key': forged({ alg: 'RS256', jwk: {} }, claims, signature),
    'a header to understand': forged({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 }, claims, signature),
    'no JSON': 'a.b.c',
    nothing: '..',
  }))
    t.is((await refused(verify(token), what)).problem, 'unauthenticated', what);
});

test('a token of another issuer, for somebody else, without an end, or at another time is refused', async (t) => {
  const issuer = await fakeIssuer(t);
  const { verify } = verifying(issuer);
  const now = Math.floor(Date.now() / 1000);
  for (const claims of [
    { iss: 'https://accounts.google.com' },
    { iss: `${issuer.origin}/` },
    { iss: undefined },
    { aud: 'https://else.example' },
    { aud: `${audience}/` },
    { aud: [] },
    { aud: undefined },
    { exp: now - 40 },
    { exp: undefined },
    { exp: 'never' },
    { nbf: now + 40 },
    { sub: undefined },
  ])
    t.is(
      (await refused(verify(await issuer.token(claims as JWTPayload)))).problem,
      'unauthenticated',
      JSON.stringify(claims),
    );
  for (const claims of [{ exp: now - 10 }, { nbf: now + 10 }])
    t.false(isRefusal(await verify(await issuer.token(claims))), 'clocks differ by seconds');
});

test("Google's issuer is known by both of its spellings", async (t) => {
  const issuer = await fakeIssuer(t);
  const { verify } = verifying(issuer, {
    oidcIssuer: 'https://accounts.google.com',
    oidcJwksUrl: `${issuer.origin}/keys`,
  });
  for (const iss of ['https://accounts.google.com', 'accounts.google.com'])
    t.deepEqual(await verify(await issuer.token({ iss, hd: 'example.org' })), { id: '1234', role: 'viewer' });
  t.true(isRefusal(await verify(await issuer.token())));
  t.deepEqual([...new Set(issuer.asked.map(({ url }) => url))], ['/keys']);
});

test('keys are asked for once, and again for one that is new', async (t) => {
  const issuer = await fakeIssuer(t);
  const { verify } = verifying(issuer);
  t.is(issuer.asked.length, 0);
  await Promise.all(Array.from({ length: 5 }, async () => verify(await issuer.token())));
  for (let n = 0; n < 5; n += 1) await refused(verify(await issuer.token({}, { kid: `no-${n}` })));
  t.deepEqual(
    issuer.asked.map(({ url }) => url),
    ['/.well-known/openid-configuration', '/keys'],
  );
});

test('an issuer that is down is no fault of the token: 503, and it is asked again', async (t) => {
  const issuer = await fakeIssuer(t);
  const { verify, time, log } = verifying(issuer);
  const token = await issuer.token({ hd: 'example.org' });
  for (const fault of [
    { status: 500 },
    { status: 200, body: '{' },
    { status: 302, headers: { location: '/keys' } },
  ] as const) {
    issuer.faults.push(fault);
    const refusal = await refused(verify(token), JSON.stringify(fault));
    t.deepEqual([refusal.problem, refusal.headers], ['issuer-down', { 'Retry-After': '5' }]);
    const { length } = issuer.asked;
    t.is((await refused(verify(token))).problem, 'issuer-down');
    t.is(issuer.asked.length, length, 'a moment later nobody asks');
    time.ms += 6_000;
  }
  t.is(log.length, 6);
  t.deepEqual(await verify(token), { id: '1234', role: 'viewer' });
  const keys = verifying(issuer);
  issuer.faults.push({
    status: 200,
    body: JSON.stringify({ issuer: issuer.origin, jwks_uri: `${issuer.origin}/keys` }),
  });
  for (const fault of [{ status: 503 }, { status: 200, body: '[]' }, { status: 200, body: '<' }]) {
    issuer.faults.push(fault);
    t.is((await refused(keys.verify(token))).problem, 'issuer-down', JSON.stringify(fault));
  }
  t.deepEqual(await keys.verify(token), { id: '1234', role: 'viewer' });
});

test('a discovery document that names another issuer, or keys in clear, is not believed', async (t) => {
  for (const document of [
    { issuer: 'https://else.example', jwks_uri: 'https://else.example/keys' },
    { jwks_uri: 'https://else.example/keys' },
    { issuer: 'own', jwks_uri: 'http://keys.example/' },
    { issuer: 'own', jwks_uri: 'file:///etc/passwd' },
    { issuer: 'own' },
  ]) {
    const issuer = await fakeIssuer(t);
    const own = { ...document, ...(document.issuer === 'own' && { issuer: issuer.origin }) };
    issuer.faults.push({ status: 200, body: JSON.stringify(own) });
    const { verify } = verifying(issuer);
    t.is((await refused(verify(await issuer.token()))).problem, 'issuer-down', JSON.stringify(document));
  }
});
