import test, { type ExecutionContext } from 'ava';
import { googleCredentials } from '../../src/sign/google-credentials.ts';
import { iamSigner } from '../../src/sign/iam.ts';
import { signUrl } from '../../src/sign/v4.ts';
import { verifyUrl } from '../../src/sign/verify.ts';
import { fakeIam, iamKey } from '../support/fake-iam.ts';
import { fakeMetadata, useMetadata } from '../support/fake-metadata.ts';
import { googleError, json } from '../support/fake-server.ts';
import { scaled } from '../support/patience.ts';
import { receive } from './received.ts';

const email = 'broker@project.iam.gserviceaccount.com';
const scope = { date: '20260101', location: 'auto', service: 'storage', requestType: 'goog4_request' };

async function scene(t: ExecutionContext, options: Partial<Parameters<typeof iamSigner>[0]> = {}) {
  const iam = await fakeIam(t, email);
  const signer = iamSigner({
    email,
    token: async () => 'good',
    clock: () => new Date(),
    endpoint: iam.origin,
    patience: { attemptMs: scaled(10_000), totalMs: scaled(30_000), pauseMs: 1 },
    ...options,
  });
  const sign = async (text = 'text') => signer.sign(text, scope);
  return { iam, signer, sign };
}

test('a URL signed by signBlob is accepted, and is under the name of the account', async (t) => {
  const { iam, signer } = await scene(t);
  const now = new Date();
  const url = await signUrl({ method: 'GET', bucket: 'boot-assets', object: 'kernel' }, signer, {
    now,
    expiresSeconds: 60,
  });
  const keyOf = (identity: string) => (identity === email ? iamKey : undefined);
  t.like(verifyUrl(receive(url, { method: 'GET' }), keyOf, now), {
    ok: true,
    object: 'kernel',
    identity: email,
  });
  t.is(iam.asked.length, 1);
  t.is(iam.asked[0]?.headers.authorization, 'Bearer good');
});

test('whoever waits for the same signature waits for one call', async (t) => {
  const { iam, sign } = await scene(t);
  const signatures = await Promise.all(Array.from({ length: 200 }, (_, n) => sign(`text ${n % 2}`)));
  t.is(new Set(signatures).size, 2);
  t.is(iam.asked.length, 2);
  await sign('text 0');
  t.is(iam.asked.length, 3);
});

test('a failure is not kept', async (t) => {
  const { iam, sign } = await scene(t);
  iam.faults.push(googleError(403, 'PERMISSION_DENIED', 'No.'));
  const [one, two] = await Promise.allSettled([sign(), sign()]);
  t.deepEqual([one.status, two.status], ['rejected', 'rejected']);
  t.regex(await sign(), /^[0-9a-f]{512}$/);
  t.is(iam.asked.length, 2);
});

test('a missing role is named, and on whom to grant it', async (t) => {
  const { iam, sign } = await scene(t);
  iam.faults.push(
    googleError(403, 'PERMISSION_DENIED', "Permission 'iam.serviceAccounts.signBlob' denied on resource", {
      reason: 'IAM_PERMISSION_DENIED',
    }),
  );
  await t.throwsAsync(sign(), {
    name: 'GoogleFault',
    message: `signing as ${email}: 403 IAM_PERMISSION_DENIED from ${iam.host}: Permission 'iam.serviceAccounts.signBlob' denied on resource; grant roles/iam.serviceAccountTokenCreator on ${email} to the account that the broker runs as (on Cloud Run: to itself)`,
  });
});

test('an account that is not there names the setting', async (t) => {
  const { sign } = await scene(t, { email: 'other@project.iam.gserviceaccount.com' });
  await t.throwsAsync(sign(), { message: /404 NOT_FOUND.*correct BROKER_SERVICE_ACCOUNT/ });
});

test('a used-up quota is tried again, and then named', async (t) => {
  const { iam, sign } = await scene(t, {
    patience: { attemptMs: scaled(2_000), totalMs: scaled(1_500), pauseMs: 50 },
  });
  iam.faults.push(...Array(500).fill(googleError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded')));
  await t.throwsAsync(sign(), {
    message: /429 RESOURCE_EXHAUSTED.*attempts.*quota of signatures.*BROKER_SIGNER=hmac/,
  });
  t.true(iam.asked.length > 1);
});

test('429 with Retry-After, 500, silence and a broken connection are survived', async (t) => {
  const { iam, sign } = await scene(t, {
    patience: { attemptMs: scaled(300), totalMs: scaled(20_000), pauseMs: 1 },
  });
  iam.faults.push(
    googleError(429, 'RESOURCE_EXHAUSTED', 'Wait.', { headers: { 'retry-after': '0' } }),
    googleError(500, 'INTERNAL', 'Internal error'),
    'hang',
    'break',
  );
  t.regex(await sign(), /^[0-9a-f]{512}$/);
  t.deepEqual(iam.faults, []);
  t.true(iam.asked.length >= 5);
});

test('an answer without a signature is a failure, not a URL', async (t) => {
  const { iam, sign } = await scene(t);
  for (const answer of [{}, { signedBlob: 1 }, { signedBlob: '' }, { signedBlob: 'c2hvcnQ=' }]) {
    iam.faults.push(json(answer));
    await t.throwsAsync(sign(), { message: /the answer holds no signature/ });
  }
});

test('a clock so wrong that no URL would work is said to be wrong', async (t) => {
  const { iam, sign } = await scene(t);
  iam.skewMs = -20 * 60_000;
  await t.throwsAsync(sign(), { message: /clock is 20 minutes ahead of Google's.*set it/ });
  iam.skewMs = 60 * 60_000;
  await t.throwsAsync(sign(), { message: /clock is 60 minutes behind Google's/ });
  iam.skewMs = 10 * 60_000;
  t.regex(await sign(), /^[0-9a-f]{512}$/);
});

test.serial("with the metadata server's token no signature asks the metadata server anything", async (t) => {
  const metadata = await fakeMetadata(t, email);
  useMetadata(t, metadata);
  const credentials = googleCredentials();
  const { iam, sign } = await scene(t, { email: await credentials.email(), token: credentials.token });
  iam.tokens.add('token-1');
  await Promise.all(Array.from({ length: 100 }, (_, n) => sign(`text ${n}`)));
  t.is(iam.asked.length, 100);
  t.is(metadata.asked.length, 2);

  // As after this machine's clock was put back: the token is older than it seems here.
  iam.tokens.clear();
  iam.tokens.add('token-2');
  await Promise.all(Array.from({ length: 100 }, (_, n) => sign(`text ${n}`)));
  t.is(metadata.asked.length, 3);
});
