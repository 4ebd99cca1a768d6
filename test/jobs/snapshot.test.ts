import { createHmac } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { inForce } from '../../src/boot/rule/rule.ts';
import type { Snapshot } from '../../src/boot/snapshot.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import { loadSnapshot } from '../../src/jobs/load-snapshot.ts';
import { snapshotPublisher } from '../../src/jobs/snapshot.ts';
import { seal, unseal } from '../../src/jobs/snapshot-seal.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { asset, at, machine, macOf, revision, rule } from '../records/examples.ts';
import { tempFile } from '../records/temp-file.ts';
import { createAsset, createMachine, createProfile } from '../records/writing.ts';
import { type LogLine, recorder } from '../support/broker.ts';

const hour = 3_600_000;
const key = 'the-key-of-these-snapshots';

/** Records with a machine, and a bucket that keeps what is put into it; its clock stands until it is told. */
async function scene(t: ExecutionContext) {
  const records = openSqlite(await tempFile(t));
  t.teardown(() => records.close());
  const bucket = new Map<string, Buffer>();
  const log: LogLine[] = [];
  const seeded: Snapshot[] = [];
  const state = { now: Date.parse(at(0)), key };
  const parts = {
    records,
    blobs: {
      put: async (object: string, bytes: Buffer) => void bucket.set(object, bytes),
      read: async (object: string) => bucket.get(object),
    },
    key: async () => state.key,
    firstStage: 'ipxe',
    clock: () => new Date(state.now),
    log: recorder(log),
    seed: (snapshot: Snapshot) => void seeded.push(snapshot),
  };
  const known = machine({ macs: [macOf(1)] });
  const booted = revision();
  await createMachine(records, known);
  await createProfile(records, booted, { machine_id: known.id, at: at(0) });
  return { records, bucket, log, seeded, state, parts, known, booted };
}

test('what was sealed is opened by the same key alone, and not when a bit of it changed', (t) => {
  const content = Buffer.from('{"größe": 1}');
  const sealed = seal(content, key);
  t.deepEqual(unseal(sealed, key), content);
  t.is(unseal(sealed, `${key}!`), undefined);
  for (let n = 0; n < sealed.length; n += 1) {
    const forged = Buffer.from(sealed);
    forged.writeUInt8(forged.readUInt8(n) ^ 1, n);
    t.is(unseal(forged, key), undefined, `byte ${n}`);
    t.is(unseal(sealed.subarray(0, n), key), undefined, `${n} bytes`);
  }
});

test('what lies in the bucket shows no command line, and no snapshot looks like the one before', async (t) => {
  const { records, parts, bucket, state, known } = await scene(t);
  const cmdline = 'rootpw=HUNTER2-as-it-was-written';
  await createProfile(records, revision({ cmdline }), { machine_id: known.id, at: at(1) });
  const publish = snapshotPublisher(parts);
  const [object, sealed] = [await publish(), [...bucket.values()][0]];
  t.true(object);
  t.false(sealed?.includes('HUNTER2') || sealed?.includes(macOf(1)) || sealed?.includes('machines'));
  state.now += hour;
  await publish();
  const again = [...bucket.values()][0];
  t.notDeepEqual(again?.subarray(23, 67), sealed?.subarray(23, 67)); // salt and nonce are used once
});

test('a snapshot of a version that only signed it is refused, although its signature is right', async (t) => {
  const s = await scene(t);
  const content = Buffer.from(
    JSON.stringify({ at: at(0), machines: [], rules: [], profiles: [], assets: [] }),
  );
  const mac = createHmac('sha256', key).update('bootbroker-snapshot-v1\n').update(content).digest('hex');
  await snapshotPublisher(s.parts)();
  put(s, Buffer.concat([Buffer.from(`bootbroker-snapshot-v1 ${mac}\n`), content]));
  await loadSnapshot(s.parts);
  t.deepEqual(s.seeded, []);
  t.regex(String(s.log.at(-1)?.reason), /did not encrypt it/);
});

test('a snapshot carries the head of the audit log, and the log of both sides says it', async (t) => {
  const { records, parts, log, seeded } = await scene(t);
  const entry = {
    id: 'e',
    at: at(0),
    actor: { kind: 'broker', id: 'jobs' },
    action: 'x',
    outcome: 'done',
  } as const;
  await records.write([], [entry, { ...entry, id: 'f' }]);
  await snapshotPublisher(parts)();
  await loadSnapshot(parts);
  const last = (await records.listAudit({ limit: 10 })).items.at(-1);
  const head = `${last?.seq}:${last?.hash}`;
  t.regex(head, /^\d+:[0-9a-f]{64}$/);
  t.deepEqual(seeded[0]?.audit, { seq: last?.seq, hash: last?.hash });
  t.deepEqual(
    log.map(({ audit_head }) => audit_head),
    [head, head],
  );
});

test('a snapshot holds what machines boot, and comes back as it was', async (t) => {
  const { records, parts, seeded, known, booted } = await scene(t);
  await createMachine(records, machine());
  await createProfile(records, revision({ name: 'that nobody boots' }));
  const [standing, arriving] = [revision(), revision()];
  for (const each of [standing, arriving]) await createProfile(records, each);
  const law = rule({
    active: standing.id,
    rollout: { revision: arriving.id, percent: 5, started_at: at(1) },
  });
  await records.write([{ kind: 'rule', id: law.id, expected: 0, to: law }]);
  const efi = asset({ kind: 'efi', name: 'ipxe', state: 'ready', ready_at: at(1) });
  const beside = asset({ kind: 'efi', name: 'ipxe', filename: 'a.efi', state: 'ready', ready_at: at(2) });
  const others = [
    asset({ kind: 'efi', name: 'other', state: 'ready', ready_at: at(1) }),
    asset({ kind: 'efi', name: 'ipxe', filename: 'b.efi', state: 'retired', ready_at: at(1) }),
    asset({ kind: 'efi', name: 'ipxe', filename: 'a.efi', version: '0', state: 'ready', ready_at: at(0) }),
  ];
  for (const each of [efi, beside, ...others]) await createAsset(records, each);
  t.true(await snapshotPublisher(parts)());
  await loadSnapshot(parts);
  const { items } = await records.listMachines({ limit: 10 });
  t.deepEqual(seeded, [
    {
      at: at(0),
      machines: items.map((each) => ({ ...each, history: [] })),
      rules: [inForce(law)],
      profiles: [booted, standing, arriving],
      assets: [efi, beside],
    },
  ]);
  t.is(items[0]?.id, known.id);
});

test('a snapshot is published when something changed, and else once an hour', async (t) => {
  const { records, parts, state, bucket, known } = await scene(t);
  const publish = snapshotPublisher(parts);
  t.true(await publish());
  t.false(await publish());
  await createProfile(records, revision(), { machine_id: known.id, at: at(1) });
  t.true(await publish());
  state.now += hour - 1;
  t.false(await publish());
  state.now += 1;
  t.true(await publish());
  t.is(bucket.size, 1);
});

test('a snapshot is taken whole, or not at all', async (t) => {
  const { parts, bucket } = await scene(t);
  const broken = {
    ...parts.records,
    profile: () => Promise.reject(new StoreDown('records', 'reading', 'it is down')),
  };
  await t.throwsAsync(snapshotPublisher({ ...parts, records: broken })(), { instanceOf: StoreDown });
  t.is(bucket.size, 0);
});

for (const [what, spoil, reason] of [
  [
    'under another key',
    ({ state }) => (state.key = 'another-key-of-somebody'),
    /signature is not by BROKER_SNAPSHOT_KEY/,
  ],
  ['of a day ago', ({ state }) => (state.now += 24 * hour), /too old to be believed/],
  ['that is to come', ({ state }) => (state.now -= hour), /which is to come/],
  ['that is no JSON', (s) => putSealed(s, 'nonsense'), /not as this version writes it/],
  [
    'that lacks something',
    (s) => putSealed(s, `{"at": "${at(0)}", "machines": []}`),
    /not as this version writes it/,
  ],
  [
    'without a time',
    (s) => putSealed(s, '{"at": "soon", "machines": [], "profiles": [], "assets": []}'),
    /not as this version/,
  ],
  ['of nothing', (s) => put(s, Buffer.alloc(0)), /signature/],
] as const satisfies readonly (readonly [
  string,
  (s: Awaited<ReturnType<typeof scene>>) => unknown,
  RegExp,
])[])
  test(`a snapshot ${what} is refused with its reason, and changes nothing`, async (t) => {
    const s = await scene(t);
    await snapshotPublisher(s.parts)();
    spoil(s);
    await loadSnapshot(s.parts);
    t.deepEqual(s.seeded, []);
    const line = s.log.at(-1);
    t.like(line, { level: 'error', message: 'the snapshot of the records is refused' });
    t.regex(String(line?.reason), reason);
  });

test('without a snapshot, or with a storage that is down, a start goes on', async (t) => {
  const { parts, log, seeded } = await scene(t);
  await loadSnapshot(parts);
  t.like(log.at(-1), { level: 'info' });
  const down = { read: () => Promise.reject(new StoreDown('storage', 'reading', 'it is down')) };
  await loadSnapshot({ ...parts, blobs: down });
  t.like(log.at(-1), { level: 'warn', message: 'the snapshot of the records could not be loaded' });
  t.deepEqual(seeded, []);
});

function put({ bucket }: { bucket: Map<string, Buffer> }, bytes: Buffer): void {
  for (const object of bucket.keys()) bucket.set(object, bytes);
}

function putSealed(into: { bucket: Map<string, Buffer> }, text: string): void {
  put(into, seal(Buffer.from(text), key));
}
