import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { googleCredentials } from '../../src/sign/google-credentials.ts';
import { fakeMetadata, useMetadata } from '../support/fake-metadata.ts';
import { scaled } from '../support/patience.ts';

const email = 'broker@project.iam.gserviceaccount.com';
const paths = (server: { asked: readonly { url: string }[] }) =>
  server.asked.map(({ url }) => url.replace(/^.*default\//, '').replace(/\?.*/, ''));

test.serial('a thousand questions cost the metadata server one e-mail and one token', async (t) => {
  const metadata = await fakeMetadata(t, email);
  useMetadata(t, metadata);
  const { email: emailOf, token } = googleCredentials();
  t.is(await emailOf(), email);
  const tokens = await Promise.all(Array.from({ length: 1_000 }, () => token()));
  t.deepEqual(new Set(tokens), new Set(['token-1']));
  for (let n = 0; n < 100; n++) await Promise.all([emailOf(), token()]);
  t.deepEqual(paths(metadata), ['email', 'token']);
});

test.serial(
  'a token with little life left is used to its last minute, not asked for each time',
  async (t) => {
    const metadata = await fakeMetadata(t, email);
    useMetadata(t, metadata);
    metadata.lifetime = 200;
    const { token } = googleCredentials();
    for (let n = 0; n < 20; n++) t.is(await token(), 'token-1');
    metadata.lifetime = 30;
    const short = googleCredentials();
    t.is(await short.token(), 'token-2');
    t.is(await short.token(), 'token-3');
  },
);

test.serial('a refused token is replaced once, however many were refused it', async (t) => {
  const metadata = await fakeMetadata(t, email);
  useMetadata(t, metadata);
  const { token } = googleCredentials();
  t.is(await token(), 'token-1');
  const again = await Promise.all(Array.from({ length: 100 }, () => token('token-1')));
  t.deepEqual(new Set(again), new Set(['token-2']));
  t.is(await token('token-1'), 'token-2');
  t.deepEqual(paths(metadata), ['token', 'token']);
});

test.serial('a metadata server that hangs is given up, and the next question asks afresh', async (t) => {
  const metadata = await fakeMetadata(t, email);
  useMetadata(t, metadata);
  // Google's library asks again after a while: what hangs has to go on hanging.
  metadata.faults.push(...Array(50).fill('hang'));
  const deadlineMs = scaled(1_000);
  const { email: emailOf, token } = googleCredentials({ deadlineMs });
  const tooLong = `.* longer than ${deadlineMs} ms`;
  await t.throwsAsync(token(), {
    message: new RegExp(`no access token from Google's credentials: ${tooLong}; run as`),
  });
  await t.throwsAsync(emailOf(), {
    message: new RegExp(`no service account from Google's credentials: ${tooLong}`),
  });
  metadata.faults.length = 0;
  // The first one may have gone to what the library still asks for nobody.
  t.regex(await token(), /^token-\d+$/);
  t.is(await emailOf(), email);
});

test.serial('a metadata server that refuses, or talks nonsense, is quoted', async (t) => {
  const metadata = await fakeMetadata(t, email);
  useMetadata(t, metadata);
  const { token } = googleCredentials();
  metadata.faults.push({ status: 404, headers: { 'metadata-flavor': 'Google' }, body: 'no scopes' });
  await t.throwsAsync(token(), { message: /have any permission scopes/ });
  metadata.faults.push({ status: 200, body: '{"access_token":"stranger"}' });
  await t.throwsAsync(token(), { message: /Metadata-Flavor/ });
  metadata.faults.push({ status: 200, headers: { 'metadata-flavor': 'Google' }, body: '{}' });
  await t.throwsAsync(token(), { message: /Could not refresh access token/ });
});

test.serial('credentials that name no service account say which setting does', async (t) => {
  const metadata = await fakeMetadata(t, 'project.svc.id.goog');
  useMetadata(t, metadata);
  await t.throwsAsync(googleCredentials().email(), { message: /set BROKER_SERVICE_ACCOUNT/ });

  const dir = await mkdtemp(join(tmpdir(), 'credentials-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'person.json');
  await writeFile(
    path,
    JSON.stringify({ type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' }),
  );
  process.env.GOOGLE_APPLICATION_CREDENTIALS = path;
  await t.throwsAsync(googleCredentials().email(), { message: /set BROKER_SERVICE_ACCOUNT/ });
});

test.serial('a machine without credentials says where they come from', async (t) => {
  useMetadata(t, await fakeMetadata(t, email));
  process.env.METADATA_SERVER_DETECTION = 'none';
  await t.throwsAsync(googleCredentials().token(), {
    message: /Could not load the default credentials.*GOOGLE_APPLICATION_CREDENTIALS/,
  });
});
