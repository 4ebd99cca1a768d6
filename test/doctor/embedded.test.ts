import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { diagnose } from '../../src/doctor.ts';
import { temporaryDirectory } from '../localgcs/support.ts';
import { type Broker, brokerFor } from '../support/broker.ts';
import { fakeServer } from '../support/fake-server.ts';
import { ask } from '../support/http.ts';
import { needing, root } from '../support/needs.ts';
import { configOf, diagnosis, failsOnce, here, type Settings } from './support.ts';

const checks = [
  ...['settings', 'credentials', 'data folder', 'records', 'indexes', 'signing keys', 'storage', 'clock'],
  ...[
    'bucket',
    'signer hmac',
    'https',
    'http',
    're-encoded URL',
    'upload',
    'assets',
    'private access',
    'boot URL',
  ],
];
const meaningless = ['credentials', 'indexes', 'https', 'private access', 'boot URL'];

/** Settings for a free port and a folder that is not there yet. */
async function fresh(t: ExecutionContext): Promise<Settings & { parent: string }> {
  const parent = await temporaryDirectory(t);
  return { parent, BROKER_DATA_DIR: join(parent, 'var', 'data'), BROKER_STORAGE_LISTEN: '127.0.0.1:0' };
}

const beside = ({ config, parts }: Broker): Settings => ({
  BROKER_DATA_DIR: config.dataDir,
  BROKER_STORAGE_LISTEN: `127.0.0.1:${parts.localgcs.port}`,
});

/** The names of all objects. */
async function objects({ config, parts }: Broker): Promise<string[]> {
  const token = (await readFile(join(config.dataDir, 'storage-token'), 'utf8')).trim();
  const answer = await ask(parts.localgcs.port, `/storage/v1/b/${config.bucket}/o`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (answer.json.items ?? []).map(({ name }: { name: string }) => name);
}

test('before the first start all is well with the embedded default, and nothing is left behind', async (t) => {
  const { parent, ...settings } = await fresh(t);
  const found = await diagnosis(settings);
  t.deepEqual(
    found.findings.map(({ check }) => check),
    checks,
  );
  t.deepEqual(found.failed, []);
  t.deepEqual(found.skipped, meaningless);
  t.regex(found.text('data folder'), /there is no .*\/var\/data yet, but the broker can make it/);
  t.regex(found.text('storage'), /no broker runs: the storage was started/);
  t.regex(
    found.text('upload'),
    /if-generation-match is respected at the start, .*content-length is respected/,
  );
  t.deepEqual(await readdir(parent), []);
});

test('a folder that a broker has used is checked as it is, and beside the broker while that runs', async (t) => {
  const broker = await brokerFor(t);
  const found = await diagnosis(beside(broker));
  t.deepEqual(found.failed, []);
  t.deepEqual(found.skipped, meaningless);
  t.regex(found.text('storage'), /a broker runs: its storage at http:\/\/127\.0\.0\.1:\d+ is tried/);
  t.deepEqual(await objects(broker), []);
  t.is((await broker.boot('/readyz')).status, 200);

  const { parent, ...settings } = await fresh(t);
  await mkdir(settings.BROKER_DATA_DIR ?? '', { recursive: true, mode: 0o700 });
  for (const _ of [1, 2]) {
    const alone = await diagnosis(settings);
    t.deepEqual(alone.failed, []);
    t.regex(alone.text('data folder'), /can be read and written/);
  }
});

test('a reader that goes away in the middle leaves nothing behind', async (t) => {
  const broker = await brokerFor(t);
  const { parent, ...settings } = await fresh(t);
  for (const last of ['data folder', 'storage', 'bucket', 'signer hmac']) {
    for await (const { check } of diagnose(configOf(beside(broker)), here()))
      if (check === last) {
        t.is((await objects(broker)).length, check === 'data folder' || check === 'storage' ? 0 : 1);
        break;
      }
    t.deepEqual(await objects(broker), []);
    for await (const { check } of diagnose(configOf(settings), here())) if (check === last) break;
    t.deepEqual(await readdir(parent), []);
  }

  await mkdir(settings.BROKER_DATA_DIR ?? '', { recursive: true, mode: 0o700 });
  for await (const { check } of diagnose(configOf(settings), here())) if (check === 'storage') break;
  // A storage that still ran would have the folder locked.
  t.deepEqual((await diagnosis(settings)).failed, []);
});

test('a broker that runs with other settings is told from one that does not run', async (t) => {
  const broker = await brokerFor(t);
  const elsewhere = await diagnosis({ ...beside(broker), BROKER_STORAGE_LISTEN: '127.0.0.1:0' });
  failsOnce(t, elsewhere, 'storage', /BROKER_DATA_DIR\) is in use by a broker .*BROKER_STORAGE_LISTEN/);
  t.regex(elsewhere.text('bucket'), /nothing to try before storage passes/);

  const { parent, ...settings } = await fresh(t);
  const { BROKER_STORAGE_LISTEN = '' } = beside(broker);
  const stranger = await diagnosis({ ...settings, BROKER_STORAGE_LISTEN });
  failsOnce(t, stranger, 'storage', /BROKER_STORAGE_LISTEN\) is not the storage of .*BROKER_DATA_DIR.* 401/);

  const program = await fakeServer(t, () => ({ status: 404 }));
  const other = await diagnosis({ ...settings, BROKER_STORAGE_LISTEN: program.host });
  failsOnce(t, other, 'storage', /is not the storage of .* it answers 404; give the settings/);

  const key = { BROKER_HMAC_ACCESS_ID: 'GOOG1EANOTHERKEY', BROKER_HMAC_SECRET: 'a-secret-of-another-key' };
  const signer = await diagnosis({ ...beside(broker), ...key });
  failsOnce(t, signer, 'signer hmac', /403 AccessDenied.*BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET/);
});

test('clients are sent to BROKER_STORAGE_PUBLIC_URL, so that is tried', async (t) => {
  const broker = await brokerFor(t);
  const wrong = await fakeServer(t, () => ({ status: 502 }));
  const found = await diagnosis({ ...beside(broker), BROKER_STORAGE_PUBLIC_URL: wrong.origin });
  failsOnce(t, found, 'http', /do not work at .*: 502; correct BROKER_STORAGE_PUBLIC_URL/);
  t.is(wrong.asked.length, 1);
});

test('machines are told BROKER_PUBLIC_URL, so that is tried', async (t) => {
  const broker = await brokerFor(t, { settings: { BROKER_ALLOWED_NETWORKS: '127.0.0.0/8' } });
  const at = (BROKER_PUBLIC_URL: string) => diagnosis({ ...beside(broker), BROKER_PUBLIC_URL });
  const right = await at(`http://127.0.0.1:${broker.bootPort}`);
  t.deepEqual(right.failed, []);
  t.regex(right.text('boot URL'), /^machines reach a broker at http/);

  const stranger = await fakeServer(t, ({ url }) => ({ status: url === '/autoexec.ipxe' ? 200 : 404 }));
  failsOnce(t, await at(stranger.origin), 'boot URL', /no broker answers at .*: 200; .*BROKER_PUBLIC_URL/);
  const refusing = await fakeServer(t, () => ({ status: 403 }));
  failsOnce(t, await at(refusing.origin), 'boot URL', /no broker answers at .*: 403; .*BROKER_PUBLIC_URL/);

  const elsewhere = await brokerFor(t, { settings: { BROKER_ALLOWED_NETWORKS: '10.0.0.0/8' } });
  const shut = await at(`http://127.0.0.1:${elsewhere.bootPort}`);
  t.deepEqual(shut.failed, []);
  t.regex(shut.text('boot URL'), /^a broker answers at http.*BROKER_ALLOWED_NETWORKS/);
});

test('records that are no database are named', async (t) => {
  const { parent, ...settings } = await fresh(t);
  const dataDir = settings.BROKER_DATA_DIR ?? '';
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(join(dataDir, 'records.db'), 'no database, but a long enough text '.repeat(100), {
    mode: 0o600,
  });
  failsOnce(t, await diagnosis(settings), 'records', /records\.db.*not a database; .*BROKER_DATA_DIR/);
});

needing(root)('a folder of another user is left alone', async (t) => {
  const { parent, ...settings } = await fresh(t);
  const dataDir = settings.BROKER_DATA_DIR ?? '';
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await chown(dataDir, 4711, 4711);
  const found = await diagnosis(settings);
  failsOnce(t, found, 'data folder', /belongs to user 4711, .*sudo -u '#4711'.*BROKER_DATA_DIR/);
  t.deepEqual(await readdir(dataDir), []);
});
