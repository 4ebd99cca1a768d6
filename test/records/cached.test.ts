import test, { type ExecutionContext } from 'ava';
import { inForce } from '../../src/boot/rule/rule.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import type { CacheOptions, Stale } from '../../src/records/cached/cache.ts';
import { cachedRecords } from '../../src/records/cached/cached.ts';
import { BadCursor } from '../../src/records/cursor.ts';
import type { Records } from '../../src/records/records.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { recordsContract } from './contract.ts';
import { asset, at, bootEntry, machine, macOf, newId, revision, rule } from './examples.ts';
import { seesRollBack } from './roll-back-seen.ts';
import { tempFile } from './temp-file.ts';
import { changeAsset, createAsset, createMachine, createProfile } from './writing.ts';

const clock = () => new Date();

recordsContract(test, async (t) => cachedRecords(await sqlite(t), { clock }));

async function sqlite(t: ExecutionContext, file?: string): Promise<Records> {
  const records = openSqlite(file ?? (await tempFile(t)));
  t.teardown(() => records.close());
  return records;
}

/** A real store with a counter on it, and a switch: while it is down, every call is. */
function breakable(records: Records) {
  const asked: string[] = [];
  const state = { down: false, held: undefined as Promise<void> | undefined };
  const switched = Object.entries(records).map(([method, call]) => [
    method,
    async (...given: unknown[]) => {
      asked.push(method);
      if (state.down) throw new StoreDown('records', method, 'it is switched off');
      const answer = await call(...given);
      await state.held;
      return answer;
    },
  ]);
  return { store: Object.fromEntries(switched) as unknown as Records, asked, state };
}

/** A cache on such a store, with a clock that stands until it is told. */
async function scene(t: ExecutionContext, options: Partial<CacheOptions> = {}) {
  const { store, asked, state } = breakable(await sqlite(t));
  const stale: Stale[] = [];
  let now = 1_000_000;
  const records = cachedRecords(store, {
    clock: () => new Date(now),
    onStale: (one) => stale.push(one),
    ...options,
  });
  const known = machine({ macs: [macOf(1)], serial: 'S' });
  const first = revision();
  await createMachine(store, known);
  await createProfile(store, first, { machine_id: known.id, at: at(0) });
  asked.length = 0;
  return {
    records,
    store,
    asked,
    state,
    stale,
    known,
    first,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const kernel = asset({ state: 'ready' });

test('what a boot reads is asked for once, and again when it is five seconds old', async (t) => {
  const { records, store, asked, known, first, pass } = await scene(t);
  await createAsset(store, kernel);
  asked.length = 0;
  const boot = async () => {
    await records.findMachine({ mac: macOf(1) });
    await records.machine(known.id);
    await records.newestProfile(first.name);
    await records.asset(kernel.id);
    await records.namedAsset(kernel);
    await records.imageAssets(kernel.name);
    await records.newestAsset(kernel);
    await records.damagedAssets();
    return asked.splice(0);
  };
  const reads = [
    'findMachine',
    'newestProfile',
    'asset',
    'namedAsset',
    'imageAssets',
    'newestAsset',
    'damagedAssets',
  ];
  t.deepEqual(await boot(), reads, 'the machine that was found is not read again by its id');
  pass(4999);
  t.deepEqual(await boot(), []);
  pass(1);
  t.deepEqual(await boot(), reads);
});

test('a profile revision never changes, and is asked for once', async (t) => {
  const { records, asked, first, pass } = await scene(t);
  t.deepEqual(await records.profile(first.id), first);
  pass(1e9);
  t.deepEqual(await records.profile(first.id), first);
  t.deepEqual(asked, ['profile']);
});

test('"not there" is kept for its own time, of a profile revision too', async (t) => {
  const { records, asked, pass } = await scene(t, { negativeTtlMs: 2000 });
  const looks = async () => {
    t.is(await records.findMachine({ mac: macOf(9) }), undefined);
    t.is(await records.profile('no-such'), undefined);
    t.deepEqual(await records.imageAssets('no-such'), []);
    return asked.splice(0).length;
  };
  t.is(await looks(), 3);
  pass(1999);
  t.is(await looks(), 0);
  pass(1);
  t.is(await looks(), 3);
});

test('no setting makes an answer older than five seconds, nor a clock that was set back', async (t) => {
  const { records, asked, known, pass } = await scene(t, { ttlMs: 1e9, negativeTtlMs: 1e9 });
  const looks = async () => {
    await records.machine(known.id);
    await records.machine('no-such');
    return asked.splice(0).length;
  };
  t.is(await looks(), 2);
  pass(5000);
  t.is(await looks(), 2);
  pass(-60_000);
  t.is(await looks(), 2);
});

test('an answer is as old as its question', async (t) => {
  const { records, asked, state, known, pass } = await scene(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  state.held = promise;
  const slow = records.machine(known.id);
  pass(5000);
  resolve();
  await slow;
  await records.machine(known.id);
  t.deepEqual(asked, ['machine', 'machine']);
});

test('a hundred who ask at once ask the store once', async (t) => {
  const { records, asked, known } = await scene(t);
  const found = await Promise.all(
    Array.from({ length: 100 }, () => records.findMachine({ mac: macOf(1), serial: 'S' })),
  );
  t.deepEqual(asked, ['findMachine']);
  t.true(found.every((one) => one?.id === known.id));
});

test('a write here shows at once, and a read that began before it is not believed after it', async (t) => {
  const { records, state, known, first } = await scene(t);
  t.is((await records.machine(known.id))?.active, first.id);
  const { promise, resolve } = Promise.withResolvers<void>();
  state.held = promise;
  const before = records.findMachine({ mac: macOf(1) });
  state.held = undefined;
  const second = revision();
  await createProfile(records.uncached, second, { machine_id: known.id, at: at(1) });
  t.is((await records.findMachine({ mac: macOf(1) }))?.active, second.id, 'joins no earlier read');
  resolve();
  t.is((await before)?.active, first.id);
  for (const found of [await records.findMachine({ mac: macOf(1) }), await records.machine(known.id)])
    t.is(found?.active, second.id);
});

test('a machine, an asset or a profile that is created here is there at once', async (t) => {
  const { records } = await scene(t);
  const created = machine({ macs: [macOf(2)] });
  const next = revision({ name: 'next' });
  const ready = asset({ name: 'next', state: 'ready' });
  const looks = () =>
    Promise.all([
      records.findMachine({ mac: macOf(2) }),
      records.newestProfile('next'),
      records.imageAssets('next'),
    ]);
  t.deepEqual(await looks(), [undefined, undefined, []]);
  await createMachine(records.uncached, created);
  await createProfile(records.uncached, next);
  await createAsset(records.uncached, ready);
  t.deepEqual(await looks(), [created, next, [ready]]);
  const retired = { ...ready, state: 'retired' } as const;
  await changeAsset(records.uncached, retired, { state: 'ready', upload_id: ready.upload_id });
  t.deepEqual(await looks(), [created, next, []]);
});

test('the rules are read once, and again when one is written', async (t) => {
  const { records, asked } = await scene(t);
  const law = rule();
  const later = { ...law, version: 2, percent: 5 };
  t.deepEqual(await records.rulebook(), []);
  t.deepEqual(await records.rulebook(), []);
  for (const to of [law, later]) {
    await records.uncached.write([{ kind: 'rule', id: law.id, expected: to.version - 1, to }]);
    t.deepEqual(await records.rulebook(), [inForce(to)]);
    t.deepEqual(await records.rulebook(), [inForce(to)]);
  }
  t.deepEqual(asked, ['rulebook', 'write', 'rulebook', 'write', 'rulebook']);
});

test('reads that feed writes go to the store, and fail with it', async (t) => {
  const { records, asked, state, known, stale } = await scene(t);
  await records.machine(known.id);
  await records.uncached.machine(known.id);
  await records.uncached.machine(known.id);
  t.is(asked.length, 3);
  state.down = true;
  await t.throwsAsync(records.uncached.machine(known.id), { instanceOf: StoreDown });
  t.deepEqual(stale, []);
});

test('while the store is down what is known is served, up to an hour old, and each time it says so', async (t) => {
  const { records, state, stale, known, first, pass } = await scene(t);
  const before = await records.findMachine({ mac: macOf(1) });
  await records.profile(first.id);
  state.down = true;
  pass(3_599_999);
  t.deepEqual(await records.findMachine({ mac: macOf(1) }), before);
  t.deepEqual(await records.machine(known.id), before);
  t.deepEqual(await records.profile(first.id), first);
  t.deepEqual(
    stale.map(({ read, ageMs, error }) => [read, ageMs, error.message]),
    ['findMachine', 'machine'].map((read) => [
      read,
      3_599_999,
      'records: findMachine failed: it is switched off',
    ]),
    'the second is served without asking again',
  );
  pass(1);
  await t.throwsAsync(records.findMachine({ mac: macOf(1) }), { instanceOf: StoreDown });
  await t.throwsAsync(records.machine(known.id), { instanceOf: StoreDown });
});

test('while the store is down nothing is unknown: what was not there before may be there now', async (t) => {
  const { records, state, pass } = await scene(t);
  t.is(await records.findMachine({ mac: macOf(9) }), undefined);
  t.deepEqual(await records.imageAssets('no-such'), []);
  state.down = true;
  pass(5000);
  await t.throwsAsync(records.findMachine({ mac: macOf(9) }), { instanceOf: StoreDown });
  await t.throwsAsync(records.imageAssets('no-such'), { instanceOf: StoreDown });
  await t.throwsAsync(records.machine(newId()), { instanceOf: StoreDown });
});

test('what is damaged, even nothing, is served while the store is down; what another writes is known at once', async (t) => {
  const { records, store, state, pass } = await scene(t);
  await createAsset(store, kernel);
  t.deepEqual(await records.damagedAssets(), []);
  const { upload_id } = kernel;
  await changeAsset(
    records,
    { ...kernel, condition: 'damaged', damage: 'gone' },
    { state: 'ready', upload_id },
  );
  t.deepEqual(await records.damagedAssets(), [{ id: kernel.id, damage: 'gone' }]);
  await changeAsset(records.uncached, kernel, { state: 'ready', upload_id });
  t.deepEqual(await records.damagedAssets(), []);
  state.down = true;
  pass(60_000);
  t.deepEqual(await records.damagedAssets(), []);
});

test('while the store is known to be down no boot waits for its event to be refused', async (t) => {
  const { records, asked, state, pass } = await scene(t);
  const write = () => records.addBootEntry(bootEntry());
  state.down = true;
  await t.throwsAsync(records.machine('m'), { instanceOf: StoreDown });
  asked.length = 0;
  await t.throwsAsync(write, { instanceOf: StoreDown });
  t.deepEqual(asked, []);
  pass(1000);
  await t.throwsAsync(write, { instanceOf: StoreDown });
  t.deepEqual(asked, ['addBootEntry']);
  state.down = false;
  await t.notThrowsAsync(write);
});

test('when the store is back, it is asked again within a second', async (t) => {
  const { records, store, asked, state, known, first, pass } = await scene(t);
  await records.machine(known.id);
  pass(5000);
  state.down = true;
  await records.machine(known.id);
  await records.machine(known.id);
  t.deepEqual(asked.splice(0), ['machine', 'machine'], 'once before, once in the outage');
  state.down = false;
  const second = revision();
  await createProfile(store, second, { machine_id: known.id, at: at(1) });
  pass(999);
  t.is((await records.machine(known.id))?.active, first.id);
  pass(1);
  t.is((await records.machine(known.id))?.active, second.id);
});

test('a write that fails loses nothing that an outage needs, and one that succeeds is not undone by one', async (t) => {
  const { records, state, known, first, pass } = await scene(t);
  const before = await records.machine(known.id);
  const move = () => createProfile(records.uncached, revision(), { machine_id: known.id, at: at(1) });
  state.down = true;
  await t.throwsAsync(move(), { instanceOf: StoreDown });
  t.deepEqual(await records.machine(known.id), before);
  t.is(before?.active, first.id);
  state.down = false;
  t.is(await move(), 'written');
  state.down = true;
  pass(1000);
  await t.throwsAsync(records.machine(known.id), { instanceOf: StoreDown });
});

test('only a store that is down is stood in for: a mistake of the caller is told', async (t) => {
  const { store, known } = await scene(t);
  let mistaken = false;
  let now = 0;
  const machine = (id: string) => (mistaken ? Promise.reject(new BadCursor()) : store.machine(id));
  const records = cachedRecords({ ...store, machine }, { clock: () => new Date(now) });
  t.deepEqual((await records.machine(known.id))?.id, known.id);
  mistaken = true;
  now += 5000;
  await t.throwsAsync(records.machine(known.id), { instanceOf: BadCursor });
});

test('the cache is bounded, and a flood of unknown machines pushes out no known one', async (t) => {
  const { records, asked, known } = await scene(t, { maxEntries: 10 });
  await records.machine(known.id);
  for (let n = 100; n < 200; n += 1) await records.findMachine({ mac: macOf(n) });
  asked.length = 0;
  await records.machine(known.id);
  t.deepEqual(asked, []);
  await records.findMachine({ mac: macOf(100) });
  t.deepEqual(asked, ['findMachine'], 'the oldest unknown one was forgotten');
});

test('what was asked for last stays longest', async (t) => {
  const { records, store, asked } = await scene(t, { maxEntries: 2 });
  const names = ['a', 'b', 'c'];
  for (const name of names) await createProfile(store, revision({ name }));
  for (const name of ['a', 'b', 'a', 'c']) await records.newestProfile(name);
  asked.length = 0;
  await records.newestProfile('a');
  t.deepEqual(asked, []);
  await records.newestProfile('b');
  t.deepEqual(asked, ['newestProfile']);
});

test('a roll-back by another process is what the next boot here gets, five seconds later at most', async (t) => {
  const file = await tempFile(t);
  const store = await sqlite(t, file);
  let now = 0;
  const records = cachedRecords(store, { clock: () => new Date(now) });
  const pass = (ms: number) => {
    now += ms;
  };
  await seesRollBack(t, { store, records, pass, name: ['sqlite', file] });
});
