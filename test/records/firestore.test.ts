import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { insisted } from '../../src/boot/asset/asset-step.ts';
import { assetFields } from '../../src/boot/fields/asset.ts';
import { searchable } from '../../src/boot/fields/field.ts';
import { machineFields } from '../../src/boot/fields/machine.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import {
  type FirestoreOptions,
  type FirestoreRecords,
  openFirestore,
} from '../../src/records/firestore/firestore.ts';
import type { Call } from '../../src/records/firestore/transport.ts';
import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';
import { command, needing } from '../support/needs.ts';
import { recordsContract } from './contract.ts';
import { everyCall, rejectsEverything } from './every-call.ts';
import { asset, at, begunBy, bootEntry, machine, macOf, revision, uploadOf } from './examples.ts';
import {
  type Index,
  missingIndexes,
  needsIndex,
  type StructuredQuery,
  singleIndexes,
} from './firestore-indexes.ts';
import { forgetfulProxy } from './forgetful-proxy.ts';
import { wholeExamples } from './whole-examples.ts';
import { changeAsset, createAsset, createMachine, createProfile } from './writing.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await startEmulator();
});
test.after.always(() => emulator?.kill());

/** All the time that a busy machine may need. */
const patient = { readMs: 60_000, writeMs: 60_000 };

/** An empty database. */
function opened(t: ExecutionContext, options: Partial<FirestoreOptions> = {}): FirestoreRecords {
  const project = `test-${randomUUID()}`;
  const records = openFirestore({ project, emulatorHost: emulator.host, deadlines: patient, ...options });
  t.teardown(() => records.close());
  return records;
}

recordsContract(test, async (t) => opened(t));

const indexFile = new URL('../../terraform/firestore-indexes.json', import.meta.url);

interface IndexFile {
  readonly indexes: readonly Index[];
  readonly fieldOverrides: readonly {
    collectionGroup: string;
    fieldPath: string;
    ttl?: true;
    indexes: { order?: string; arrayConfig?: string }[];
  }[];
}

interface Commit {
  readonly writes: readonly {
    readonly update: { readonly name: string; readonly fields: Record<string, { timestampValue?: string }> };
  }[];
}

test('the index file for Terraform has what the queries need, nothing else, and the TTL fields', async (t) => {
  const calls: Call[] = [];
  const proxy = await forgetfulProxy(t, emulator.port);
  const onCall = (call: Call) => calls.push(call);
  const records = opened(t, { emulatorHost: `127.0.0.1:${proxy.port}`, onCall });
  const whole = wholeExamples();
  await createMachine(records, whole.machine);
  await createProfile(records, whole.profile);
  proxy.loseNextAnswer(':commit'); // then it is looked for in the audit
  await records.write(
    [
      { kind: 'rule', id: whole.rule.id, expected: 0, to: whole.rule },
      { kind: 'token', id: whole.token.id, expected: 0, to: whole.token },
    ],
    [whole.entry],
  );
  await createAsset(records, whole.asset);
  await records.addBootEntry(whole.boot);
  for (const call of Object.values(everyCall(records))) await call();
  const parts = searchable(assetFields).map(([, { flag, choices: [first] = ['a'] }]) => ({ [flag]: first }));
  for (let chosen = 0; chosen < 2 ** parts.length; chosen += 1) {
    const filter = Object.assign({}, ...parts.filter((_, n) => chosen & (1 << n)));
    await records.listAssets(filter, { limit: 1 });
  }
  for (const identity of [{ mac: macOf(9) }, { uuid: 'u' }, { serial: 's' }])
    await records.findMachine(identity);
  await records.listProfiles({ limit: 1 });
  await records.listUploads({}, { limit: 1 });
  await records.listAudit({ limit: 1 }, 'newest');
  await records.listBoots('m', { limit: 1 });
  for (const [, { flag, kind }] of searchable(machineFields)) {
    const wanted = kind === 'pairs' ? { key: 'rack', value: 'r1' } : 'x';
    await records.listMachines({ limit: 1 }, { [flag]: wanted });
  }
  await records.changes.since((await records.changes.since(undefined)).mark);

  const { indexes, fieldOverrides }: IndexFile = JSON.parse(await readFile(indexFile, 'utf8'));
  const queries = calls.flatMap(({ method, body }) =>
    method === 'runQuery' ? [(body as { structuredQuery: StructuredQuery }).structuredQuery] : [],
  );
  t.true(queries.length > 20);
  for (const query of queries) t.deepEqual(missingIndexes(query, indexes), [], JSON.stringify(query));
  for (const index of indexes)
    t.true(
      queries.some((query) => needsIndex(query, indexes, index)),
      `no query needs ${JSON.stringify(index)}`,
    );

  const written = calls
    .filter(({ method }) => method === 'commit')
    .flatMap(({ body }) => (body as Commit).writes)
    .flatMap(({ update: { name, fields } }) =>
      Object.keys(fields).map((field) => `${name.split('/').at(-2)}.${field}`),
    );
  const overridden = (field: IndexFile['fieldOverrides'][number]) =>
    `${field.collectionGroup}.${field.fieldPath}`;
  const collections = [...new Set(written.map((field) => field.split('.')[0]))];
  t.deepEqual(
    fieldOverrides
      .filter(({ fieldPath, ttl }) => fieldPath !== '*' && !ttl)
      .flatMap((field) =>
        field.indexes.map((index) => `${overridden(field)} ${index.order ?? index.arrayConfig}`),
      )
      .toSorted(),
    [...new Set(queries.flatMap(singleIndexes))].toSorted(),
    'each index that a query needs of one field, and no other',
  );
  t.deepEqual(
    fieldOverrides
      .filter(({ fieldPath }) => fieldPath === '*')
      .map(overridden)
      .toSorted(),
    collections.map((name) => `${name}.*`).toSorted(),
    'no other field of any collection is indexed',
  );
  t.deepEqual(
    fieldOverrides
      .filter(({ ttl }) => ttl)
      .map(overridden)
      .toSorted(),
    [...new Set(written)].filter((field) => field.endsWith('.expire_at')).toSorted(),
  );
  t.true(
    fieldOverrides.every(
      ({ indexes, fieldPath, ttl }) => (fieldPath === '*' || ttl === true) === (indexes.length === 0),
    ),
  );
});

test('uploads and boots say when they may be deleted', async (t) => {
  const project = `test-${randomUUID()}`;
  const records = opened(t, { project });
  const announced = asset();
  await createAsset(records, announced, uploadOf(announced, { expires_at: '2026-01-01T00:00:00.000Z' }));
  const entry = bootEntry({ at: '2026-01-01T00:00:00.000Z' });
  await records.addBootEntry(entry);
  const expiry = async (path: string) => {
    const root = `http://${emulator.host}/v1/projects/${project}/databases/(default)/documents`;
    const answer = await fetch(`${root}/${path}`, { headers: { authorization: 'Bearer owner' } });
    return ((await answer.json()) as { fields: Record<string, unknown> }).fields.expire_at;
  };
  t.deepEqual(await expiry(`uploads/${announced.upload_id}`), { timestampValue: '2026-01-31T00:00:00Z' });
  t.deepEqual(await expiry(`boots/${entry.fresh}`), { timestampValue: '2026-04-01T00:00:00Z' });
  t.deepEqual(await expiry(`histories/${entry.machine_id}`), { timestampValue: '2026-04-01T00:00:00Z' });
});

test('databases of one project are apart', async (t) => {
  const project = `test-${randomUUID()}`;
  const [usual, other] = [opened(t, { project }), opened(t, { project, database: 'other' })];
  const given = machine({ macs: [macOf(1)] });
  await createMachine(other, given);
  t.is(await usual.machine(given.id), undefined);
  t.deepEqual(await other.findMachine({ mac: macOf(1) }), given);
});

test('a write whose answer was lost is written once, and succeeds', async (t) => {
  const proxy = await forgetfulProxy(t, emulator.port);
  const records = opened(t, { emulatorHost: `127.0.0.1:${proxy.port}` });
  const losing = <T>(call: () => Promise<T>) => {
    proxy.loseNextAnswer(':commit');
    return call();
  };
  const given = machine({ macs: [macOf(1)] });
  t.is(await losing(() => createMachine(records, given)), 'written');
  t.deepEqual(await records.listMachines({ limit: 10 }), { items: [given] });

  const next = revision();
  const activation = { machine_id: given.id, at: at(1) };
  t.is(await losing(() => createProfile(records, next, activation)), 'written');
  t.deepEqual((await records.machine(given.id))?.history, [{ revision: next.id, at: at(1) }]);

  const announced = asset();
  t.is(await losing(() => createAsset(records, announced)), 'written');
  t.deepEqual(await records.upload(announced.upload_id), uploadOf(announced));

  const expected = { state: 'created', upload_id: announced.upload_id } as const;
  const changed = { ...announced, state: 'verifying' } as const;
  t.is(await losing(() => changeAsset(records, changed, expected)), 'written');
  t.deepEqual(await records.asset(announced.id), changed);

  const begins = bootEntry();
  const goesOn = bootEntry({ boot: begins.fresh, stage: 'up', at: at(1) });
  for (const entry of [begins, goesOn]) await losing(() => records.addBootEntry(entry));
  t.deepEqual(await records.listBoots(undefined, { limit: 10 }), {
    items: [{ ...begunBy(begins), steps: [begins.step, goesOn.step] }],
  });
  t.is(proxy.lost(), 6);
});

test('what booting reads and somebody changed is told, once; what is only insisted on is not', async (t) => {
  const project = `test-${randomUUID()}`;
  const [here, there] = [opened(t, { project }), opened(t, { project })];
  const start = await there.changes.since(undefined);
  t.is(start.changes, 'lost');
  const told = async (mark: string) => there.changes.since(mark);
  const whole = wholeExamples();
  await createMachine(here, whole.machine);
  await createProfile(here, whole.profile);
  const { rule, token, asset: made } = whole;
  await here.write([
    { kind: 'rule', id: rule.id, expected: 0, to: rule },
    { kind: 'token', id: token.id, expected: 0, to: token },
  ]);
  await createAsset(here, made);
  await here.addBootEntry(whole.boot);
  const first = await told(start.mark);
  t.deepEqual(first.changes, [
    { kind: 'machine', id: whole.machine.id },
    { kind: 'profile', id: whole.profile.id },
    { kind: 'rule', id: rule.id },
    { kind: 'asset', id: made.id },
  ]);
  t.is(await here.write([insisted(made)]), 'written');
  t.is(await here.write([{ kind: 'token', id: token.id, expected: 1, to: undefined }]), 'written');
  const second = await told(first.mark);
  t.deepEqual(second.changes, []);
  t.is(await here.write([{ kind: 'rule', id: rule.id, expected: 1, to: undefined }]), 'written');
  t.deepEqual((await told(second.mark)).changes, [{ kind: 'rule', id: rule.id }]);
  t.is((await told('2020-01-01T00:00:00Z')).changes, 'lost');
});

test('an id that is used twice is a fault, at once', async (t) => {
  const records = opened(t);
  const given = revision();
  await createProfile(records, given);
  await t.throwsAsync(createProfile(records, given), {
    instanceOf: StoreDown,
    message: 'records: writing profile failed: its id is in use',
  });
});

test('every method of a store that is closed rejects with StoreDown', async (t) => {
  const records = opened(t);
  await records.close();
  await records.close();
  await rejectsEverything(t, records);
});
