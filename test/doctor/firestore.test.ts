import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import anyTest from 'ava';
import { StoreDown } from '../../src/boot/store-down.ts';
import { checkFirestore, checkIndexes, indexedQueries } from '../../src/doctor/firestore.ts';
import { openFirestore } from '../../src/records/firestore/firestore.ts';
import type { Call } from '../../src/records/firestore/transport.ts';
import { type Index, needsIndex, type StructuredQuery } from '../records/firestore-indexes.ts';
import { fakeServer, googleError, json } from '../support/fake-server.ts';
import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';
import { command, needing } from '../support/needs.ts';
import { cloudFor } from './cloud.ts';
import { diagnosis } from './support.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await startEmulator();
});
test.after.always(() => emulator?.kill());

test.serial('with Firestore all is well, with either signer, and no document is left behind', async (t) => {
  const cloud = await cloudFor(t);
  const project = `test-${randomUUID()}`;
  const firestore = {
    BROKER_RECORDS: 'firestore',
    BROKER_PROJECT: project,
    BROKER_ADMIN_TOKEN: 'an-admin-token-of-the-tests',
    FIRESTORE_EMULATOR_HOST: emulator.host,
  };
  for (const signer of [cloud.hmac, cloud.rsa]) {
    const found = await diagnosis({ ...cloud.settings, ...signer, ...firestore });
    t.deepEqual(found.failed, []);
    t.deepEqual(found.skipped, ['data folder', 'https', 'private access', 'boot URL']);
    const asked = Object.keys(indexedQueries).length;
    t.true(found.text('indexes').startsWith(`${asked} queries that need composite indexes are answered`));
  }
  const documents = `http://${emulator.host}/v1/projects/${project}/databases/(default)/documents/doctor`;
  const left = await fetch(documents, { headers: { authorization: 'Bearer owner' } });
  t.deepEqual(await left.json(), {});
});

test('a database of the old form is named, with what to do', async (t) => {
  const project = `test-${randomUUID()}`;
  const root = `http://${emulator.host}/v1/projects/${project}/databases/(default)/documents`;
  const fields = { body: { stringValue: '{"id":"m"}' }, macs: { arrayValue: {} } };
  await fetch(`${root}/machines?documentId=m`, {
    method: 'POST',
    headers: { authorization: 'Bearer owner', 'content-type': 'application/json' },
    body: JSON.stringify({ fields }),
  });
  const options = { project, emulatorHost: emulator.host };
  const found = await checkFirestore(options);
  t.is(found.state, 'fail');
  t.regex(found.text, /content is a text in `body`: give the broker an empty database/);
  // Nobody else takes it for something that it is not.
  const records = openFirestore(options);
  t.teardown(() => records.close());
  await t.throwsAsync(records.machine('m'), { instanceOf: StoreDown, message: /bootbroker before 0\.2/ });
});

test('each index of the file for Terraform is asked for by a query of its name', async (t) => {
  const calls: Call[] = [];
  const records = openFirestore({
    project: `test-${randomUUID()}`,
    emulatorHost: emulator.host,
    onCall: (call) => calls.push(call),
    deadlines: { readMs: 60_000, writeMs: 60_000 },
  });
  t.teardown(() => records.close());
  for (const query of Object.values(indexedQueries)) await query(records);
  const queries = calls.map(({ body }) => (body as { structuredQuery: StructuredQuery }).structuredQuery);
  const file = new URL('../../terraform/firestore-indexes.json', import.meta.url);
  const { indexes }: { indexes: readonly Index[] } = JSON.parse(await readFile(file, 'utf8'));
  const names = indexes.map(
    ({ collectionGroup, fields }) =>
      `${collectionGroup}(${fields.slice(0, -1).map(({ fieldPath }) => fieldPath)})`,
  );
  t.deepEqual(Object.keys(indexedQueries), [...new Set(names.map((name) => name.replaceAll(',', ', ')))]);
  for (const index of indexes) t.true(queries.some((query) => needsIndex(query, indexes, index)));
});

anyTest('an index that is missing is named, with the file that has it', async (t) => {
  const firestore = await fakeServer(t, ({ body }) =>
    body.includes('"stages_texts"') || body.includes('"revision"')
      ? googleError(400, 'FAILED_PRECONDITION', 'The query requires an index. You can create it here.')
      : json([{ readTime: new Date().toISOString() }]),
  );
  const found = await checkIndexes({ project: 'p', emulatorHost: firestore.host });
  t.is(found.state, 'fail');
  t.regex(
    found.text,
    /^no answer by boots\(stages_texts\), boots\(revision\): .*terraform\/firestore-indexes\.json/,
  );
});

anyTest('records that may not be written say which role lets them', async (t) => {
  const firestore = await fakeServer(t, () =>
    googleError(403, 'PERMISSION_DENIED', 'Missing or insufficient permissions.'),
  );
  const found = await checkFirestore({ project: 'p', emulatorHost: firestore.host });
  t.is(found.state, 'fail');
  t.regex(found.text, /writing: PERMISSION_DENIED: .*Grant roles\/datastore\.user/);
});
