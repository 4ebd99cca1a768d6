import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import test from 'ava';
import { fakeMetadata, useMetadata } from '../support/fake-metadata.ts';
import { type Asked, googleError, type Told } from '../support/fake-server.ts';
import { freePort } from '../support/free-port.ts';
import { cloudFor, email } from './cloud.ts';
import { diagnosis, failsOnce, proxy, xmlError } from './support.ts';

test.serial('no credentials: one line, which names the variable', async (t) => {
  const cloud = await cloudFor(t);
  const metadata = await fakeMetadata(t, email);
  metadata.faults.push(...Array.from({ length: 9 }, () => ({ status: 404 })));
  useMetadata(t, metadata);
  const found = await diagnosis({ ...cloud.settings, ...cloud.hmac });
  failsOnce(t, found, 'credentials', /no access token .* GOOGLE_APPLICATION_CREDENTIALS/);
});

test.serial('missing permission: one line, which names the role and to whom it is granted', async (t) => {
  const cloud = await cloudFor(t);
  const forbidden = googleError(403, 'PERMISSION_DENIED', 'broker@project does not have access.');
  const all = await proxy(t, cloud.origin, ({ headers }) => (headers.authorization ? forbidden : undefined));
  const settings = { ...cloud.settings, ...cloud.hmac };
  const nothing = await diagnosis({ ...settings, BROKER_STORAGE_ENDPOINT: all });
  failsOnce(
    t,
    nothing,
    'bucket',
    /asking for it: 403 \(broker@project does not .*; grant roles\/storage\.objectAdmin .*gs:\/\/boot-assets to broker@/,
  );

  const reading = await proxy(t, cloud.origin, ({ url }) =>
    url.endsWith('alt=media') ? forbidden : undefined,
  );
  const unread = await diagnosis({ ...settings, BROKER_STORAGE_ENDPOINT: reading });
  failsOnce(t, unread, 'bucket', /reading .*roles\/storage\.objectAdmin/);

  const writing = await proxy(t, cloud.origin, ({ method, headers }) =>
    method === 'POST' && headers.authorization ? forbidden : undefined,
  );
  const unwritten = await diagnosis({ ...settings, BROKER_STORAGE_ENDPOINT: writing });
  failsOnce(t, unwritten, 'bucket', /writing .*roles\/storage\.objectAdmin/);
  t.deepEqual(await cloud.objects(), []);
});

test.serial('the role for objects is enough: nobody asks for the bucket itself', async (t) => {
  const cloud = await cloudFor(t);
  const asked: string[] = [];
  const watched = await proxy(t, cloud.origin, ({ url }) => void asked.push(url));
  const settings = { ...cloud.settings, ...cloud.hmac, BROKER_STORAGE_ENDPOINT: watched };
  t.deepEqual((await diagnosis(settings)).failed, []);
  t.deepEqual(
    asked.filter((url) => /^\/storage\/v1\/b\/[^/]*$/.test(url)),
    [],
  );
});

test.serial('missing bucket: one line, which names BROKER_BUCKET', async (t) => {
  const cloud = await cloudFor(t);
  const found = await diagnosis({ ...cloud.settings, ...cloud.hmac, BROKER_BUCKET: 'not-there' });
  failsOnce(t, found, 'bucket', /not-there: .*404.*gcloud storage buckets create .*BROKER_BUCKET/);
});

test.serial('storage out of reach: one line, which names BROKER_STORAGE_ENDPOINT', async (t) => {
  const cloud = await cloudFor(t);
  const BROKER_STORAGE_ENDPOINT = `http://127.0.0.1:${await freePort()}`;
  const found = await diagnosis({ ...cloud.settings, ...cloud.hmac, BROKER_STORAGE_ENDPOINT });
  failsOnce(t, found, 'storage', /no answer \(connect ECONNREFUSED.*correct BROKER_STORAGE_ENDPOINT/);
});

test.serial('key file unreadable: one line, which names BROKER_RSA_KEY_FILE', async (t) => {
  const cloud = await cloudFor(t);
  await unlink(cloud.rsa.BROKER_RSA_KEY_FILE ?? '');
  const found = await diagnosis({ ...cloud.settings, ...cloud.rsa });
  failsOnce(t, found, 'signing keys', /key\.json cannot be read: there is no such file.*BROKER_RSA_KEY_FILE/);
});

test.serial('secret that may not be read: one line, which names setting and role', async (t) => {
  const cloud = await cloudFor(t);
  const BROKER_HMAC_SECRET = 'sm://not-a-name-of-a-secret';
  const found = await diagnosis({ ...cloud.settings, ...cloud.hmac, BROKER_HMAC_SECRET });
  failsOnce(t, found, 'signing keys', /BROKER_HMAC_SECRET: .* names no secret/);
});

test.serial('HMAC key disabled or wrong: one line, which names the key, role and policy', async (t) => {
  const cloud = await cloudFor(t);
  const settings = { ...cloud.settings, ...cloud.hmac };
  const unknown = await diagnosis({ ...settings, BROKER_HMAC_ACCESS_ID: 'GOOG1EDISABLED' });
  failsOnce(
    t,
    unknown,
    'signer hmac',
    /403 AccessDenied.* storage hmac describe GOOG1EDISABLED.*roles\/storage\.objectAdmin.*restrictAuthTypes.*BROKER_SIGNER=iam/,
  );
  t.deepEqual(unknown.skipped.slice(-6, -1), ['https', 'http', 're-encoded URL', 'upload', 'private access']);

  const wrong = await diagnosis({ ...settings, BROKER_HMAC_SECRET: 'the-secret-of-another-key' });
  failsOnce(
    t,
    wrong,
    'signer hmac',
    /SignatureDoesNotMatch.*BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET must/,
  );

  const origin = await proxy(t, cloud.origin, ({ url }) =>
    url.includes('GOOG4-HMAC-SHA256')
      ? xmlError(403, 'AccessDenied', 'Violates the constraint constraints/storage.restrictAuthTypes')
      : undefined,
  );
  const policy = { ...settings, BROKER_STORAGE_ENDPOINT: origin };
  failsOnce(t, await diagnosis(policy), 'signer hmac', /forbids HMAC: set BROKER_SIGNER=iam/);
  const beside = await diagnosis({ ...policy, ...cloud.rsa });
  failsOnce(t, beside, 'signer hmac', /forbids HMAC: .* leave BROKER_HMAC_ACCESS_ID .*out/);
  t.true(beside.passed.includes('upload'));
});

test.serial('the account that signs lacks the role: one line, which names both', async (t) => {
  const cloud = await cloudFor(t);
  const origin = await proxy(t, cloud.origin, ({ url }) =>
    url.includes('GOOG4-RSA-SHA256')
      ? xmlError(403, 'AccessDenied', 'no storage.objects.get access')
      : undefined,
  );
  const found = await diagnosis({ ...cloud.settings, ...cloud.rsa, BROKER_STORAGE_ENDPOINT: origin });
  failsOnce(t, found, 'signer rsa', /roles\/storage\.objectAdmin on gs:\/\/boot-assets to tests@example/);
});

test.serial('signBlob that is refused: one line, which names quota or role', async (t) => {
  const cloud = await cloudFor(t);
  const settings = { ...cloud.settings, ...cloud.iamSigner };
  const later = { headers: { 'retry-after': '60' } };
  cloud.iam.faults.push(googleError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', later));
  failsOnce(t, await diagnosis(settings), 'signer iam', /429 .*quota of signatures .*BROKER_SIGNER=hmac/);
  cloud.iam.faults.push(googleError(403, 'PERMISSION_DENIED', 'Permission signBlob denied.'));
  failsOnce(
    t,
    await diagnosis(settings),
    'signer iam',
    /grant roles\/iam\.serviceAccountTokenCreator on broker@/,
  );
});

test.serial('a storage that does not do with signatures what Google does is none', async (t) => {
  const cloud = await cloudFor(t);
  const faults: readonly [(asked: Omit<Asked, 'body'>) => Told | undefined, RegExp][] = [
    [({ method }) => (method === 'HEAD' ? { status: 405 } : undefined), /HEAD on a URL signed for GET: 405/],
    [
      ({ headers }) => (headers.range ? { status: 200, body: 'all of it' } : undefined),
      /a Range of a signed URL: 200/,
    ],
    [
      ({ url }) => (isOld(url) ? { status: 200, body: 'anything' } : undefined),
      /an expired URL is answered 200 and not 400 ExpiredToken.*BROKER_STORAGE_ENDPOINT/,
    ],
  ];
  for (const [instead, says] of faults) {
    const BROKER_STORAGE_ENDPOINT = await proxy(t, cloud.origin, instead);
    const found = await diagnosis({ ...cloud.settings, ...cloud.hmac, BROKER_STORAGE_ENDPOINT });
    failsOnce(t, found, 'signer hmac', says);
  }
});

for (const [minutes, says] of [
  [20, /clock is (1199|120[01]) s ahead of the storage's.*NTP/],
  [-20, /clock is (1199|120[01]) s behind the storage's.*NTP/],
] as const)
  test.serial(`clock skewed by ${minutes} minutes: one line, and no signature is blamed`, async (t) => {
    const cloud = await cloudFor(t);
    const clock = () => new Date(Date.now() + minutes * 60_000);
    const found = await diagnosis({ ...cloud.settings, ...cloud.hmac }, { clock });
    failsOnce(t, found, 'clock', says);
    t.regex(found.text('signer hmac'), /before clock passes/);
  });

test.serial('Firestore unavailable: one line, which names the settings', async (t) => {
  const cloud = await cloudFor(t);
  const firestore = {
    BROKER_RECORDS: 'firestore',
    BROKER_PROJECT: `test-${randomUUID()}`,
    BROKER_ADMIN_TOKEN: 'an-admin-token-of-the-tests',
    FIRESTORE_EMULATOR_HOST: `127.0.0.1:${await freePort()}`,
  };
  const found = await diagnosis({ ...cloud.settings, ...cloud.hmac, ...firestore });
  failsOnce(t, found, 'records', /writing: .*cannot be reached.*BROKER_PROJECT and FIRESTORE_EMULATOR_HOST/);
  t.deepEqual(found.skipped, ['data folder', 'indexes', 'https', 'assets', 'private access', 'boot URL']);
});

/** Whether a URL was signed more than five minutes ago. */
function isOld(url: string): boolean {
  const [, date, time] = /X-Goog-Date=(\d{8})T(\d{6})Z/.exec(url) ?? [];
  if (date === undefined || time === undefined) return false;
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)];
  const [hour, minute, second] = [time.slice(0, 2), time.slice(2, 4), time.slice(4)];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) < Date.now() - 300_000;
}
