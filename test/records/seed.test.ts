import test, { type ExecutionContext } from 'ava';
import { inForce } from '../../src/boot/rule/rule.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import type { Stale } from '../../src/records/cached/cache.ts';
import { cachedRecords } from '../../src/records/cached/cached.ts';
import type { Records } from '../../src/records/records.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { asset, at, machine, macOf, newId, revision, rule } from './examples.ts';
import { tempFile } from './temp-file.ts';
import { createMachine, createProfile } from './writing.ts';

const minute = 60_000;

/** A cache that was seeded a minute after the snapshot, on a store that is down until it is told. */
async function scene(t: ExecutionContext) {
  const store = openSqlite(await tempFile(t));
  t.teardown(() => store.close());
  const state = { down: true, now: Date.parse(at(0)) + minute };
  const switched = Object.entries(store).map(([method, call]) => [
    method,
    async (...given: unknown[]) => {
      if (state.down) throw new StoreDown('records', method, 'it is switched off');
      return call(...given);
    },
  ]);
  const stale: Stale[] = [];
  const records = cachedRecords(Object.fromEntries(switched) as unknown as Records, {
    clock: () => new Date(state.now),
    onStale: (one) => stale.push(one),
  });
  const booted = revision();
  const known = machine({
    macs: [macOf(1), macOf(1), macOf(2)],
    uuid: newId(),
    serial: 'S',
    active: booted.id,
  });
  const efi = asset({ kind: 'efi', name: 'ipxe', state: 'ready' });
  const beside = asset({ kind: 'efi', name: 'ipxe', filename: 'grubx64.efi', state: 'ready' });
  const snapshot = { at: at(0), machines: [known], rules: [], profiles: [booted], assets: [beside, efi] };
  records.seed(snapshot);
  return { store, state, stale, records, known, booted, efi, beside, snapshot };
}

const down = { instanceOf: StoreDown };

test('while the store is down a snapshot stands in for it, and each time it is told how old it is', async (t) => {
  const { records, stale, known, booted, efi, beside } = await scene(t);
  const { uuid = '', serial = '' } = known;
  t.deepEqual(await records.findMachine({ mac: macOf(1) }), known);
  t.deepEqual(await records.findMachine({ mac: macOf(2), uuid: newId(), serial: 'unknown' }), known);
  t.deepEqual(await records.findMachine({ uuid }), known);
  t.deepEqual(await records.findMachine({ serial }), known);
  t.deepEqual(await records.machine(known.id), known);
  t.deepEqual(await records.profile(booted.id), booted);
  t.deepEqual(await records.newestAsset(efi), efi);
  t.is(stale.length, 7);
  t.deepEqual(await records.namedAsset(beside), beside);
  await t.throwsAsync(records.namedAsset({ ...beside, filename: 'mmx64.efi' }), down);
  t.deepEqual(await records.newestAsset(efi), efi);
  t.deepEqual(stale.at(-1)?.read, 'newestAsset');
  t.true(stale.every(({ ageMs }) => ageMs === minute));
});

test('what is not in the snapshot is not unknown: only the store can say so', async (t) => {
  const { records, known, efi } = await scene(t);
  await t.throwsAsync(records.findMachine({ mac: macOf(9) }), down);
  const { uuid = '', serial = '' } = known;
  await t.throwsAsync(
    records.findMachine({ mac: macOf(9), uuid, serial }),
    down,
    'another MAC speaks against it',
  );
  await t.throwsAsync(records.machine(newId()), down);
  await t.throwsAsync(records.profile(newId()), down);
  await t.throwsAsync(records.newestAsset({ ...efi, arch: 'arm64' }), down);
  await t.throwsAsync(records.newestAsset({ ...efi, name: 'other' }), down);
});

test('a UUID or serial that two machines of the snapshot share names neither', async (t) => {
  const { records, known, snapshot } = await scene(t);
  const { uuid = '', serial = '' } = known;
  records.seed({ ...snapshot, machines: [known, machine({ uuid, serial })] });
  await t.throwsAsync(records.findMachine({ uuid, serial }), down);
});

test('a snapshot serves for a day', async (t) => {
  const { records, state, known } = await scene(t);
  state.now = Date.parse(at(0)) + 24 * 60 * minute - 1;
  t.deepEqual(await records.machine(known.id), known);
  state.now += 1;
  await t.throwsAsync(records.machine(known.id), down);
});

test('while the store answers, the snapshot says nothing', async (t) => {
  const { store, records, state, stale, known } = await scene(t);
  state.down = false;
  t.is(await records.machine(known.id), undefined);
  await createMachine(store, { ...known, name: 'as it is now' });
  state.now += minute;
  t.is((await records.machine(known.id))?.name, 'as it is now');
  t.deepEqual(stale, []);
});

test('what the store has said the snapshot does not take back, by whatever name it is asked for', async (t) => {
  const { store, records, state, known } = await scene(t);
  await createMachine(store, { ...known, active: newId() });
  state.down = false;
  const heard = await records.findMachine({ mac: macOf(1) });
  state.down = true;
  state.now += minute;
  t.not(heard?.active, known.active);
  t.deepEqual(await records.machine(known.id), heard);
  await t.throwsAsync(records.findMachine({ serial: 'S' }), down);
  state.now += 60 * minute;
  await t.throwsAsync(records.findMachine({ mac: macOf(1) }), down);
});

test('that the store did not know somebody is not undone by the snapshot', async (t) => {
  const { records, state } = await scene(t);
  state.down = false;
  t.is(await records.findMachine({ mac: macOf(1) }), undefined);
  state.down = true;
  state.now += minute;
  await t.throwsAsync(records.findMachine({ mac: macOf(1) }), down);
});

test('what was written here the snapshot does not undo', async (t) => {
  const { store, records, state, known } = await scene(t);
  await createMachine(store, known);
  state.down = false;
  await createProfile(records, revision(), { machine_id: known.id, at: at(1) });
  state.down = true;
  await t.throwsAsync(records.machine(known.id), down);
});

test('the rules of a snapshot stand in for the store, until one of them is written here', async (t) => {
  const { store, records, state, snapshot } = await scene(t);
  const law = rule();
  records.seed({ ...snapshot, rules: [inForce(law)] });
  t.deepEqual(await records.rulebook(), [inForce(law)]);
  state.down = false;
  await store.write([{ kind: 'rule', id: law.id, expected: 0, to: law }]);
  await records.write([{ kind: 'rule', id: law.id, expected: 1, to: undefined }]);
  state.down = true;
  await t.throwsAsync(records.rulebook(), down);
});
