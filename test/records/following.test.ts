import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { StoreDown } from '../../src/boot/store-down.ts';
import { cachedRecords } from '../../src/records/cached/cached.ts';
import type { ChangeFeed, Named } from '../../src/records/changes.ts';
import type { Records } from '../../src/records/records.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { machine, macOf } from './examples.ts';
import { tempFile } from './temp-file.ts';
import { createMachine } from './writing.ts';

type Answer = Awaited<ReturnType<ChangeFeed['since']>>['changes'];

/** A cache on a store of its own, a feed that says what it is told to, and a clock that stands. */
async function scene(t: Parameters<typeof tempFile>[0]) {
  const store = openSqlite(await tempFile(t));
  t.teardown(() => store.close());
  let now = Date.UTC(2026, 0, 1);
  let changed: readonly Named[] = [];
  let fault: Error | undefined;
  let lost = false;
  let tell: (changes: readonly Named[]) => void = () => {};
  let end: (error?: Error) => void = () => {};
  const asked = { feed: 0, machine: 0, listened: 0 };
  const feed: ChangeFeed = {
    async since(mark) {
      asked.feed += 1;
      if (fault) throw fault;
      const changes: Answer = mark === undefined || lost ? 'lost' : changed;
      changed = [];
      return { changes, mark: 'm' };
    },
    listen(_, told, ended) {
      asked.listened += 1;
      [tell, end] = [told, ended];
    },
  };
  let gate: Promise<unknown> | undefined;
  const counted: Records = {
    ...store,
    async findMachine(identity) {
      asked.machine += 1;
      const found = await store.findMachine(identity);
      await gate;
      return found;
    },
  };
  const silences: Error[] = [];
  const records = cachedRecords(counted, {
    clock: () => new Date(now),
    changes: feed,
    onSilence: (error) => silences.push(error),
  });
  const known = machine({ macs: [macOf(1)] });
  await createMachine(store, known);
  const boot = () => records.findMachine({ mac: macOf(1) });
  await boot();
  await pause(700); // a moment after the first answer the first question is asked
  now += 1;
  return {
    asked,
    boot,
    known,
    silences,
    records,
    store,
    pass: (ms: number) => {
      now += ms;
    },
    /** What the next question is answered. */
    change: (...changes: readonly Named[]) => {
      changed = changes;
    },
    hear: (...changes: readonly Named[]) => tell(changes),
    silence: (error?: Error) => end(error),
    break: (error: Error | undefined) => {
      fault = error;
    },
    lose: (is: boolean) => {
      lost = is;
    },
    hold: (until: Promise<unknown> | undefined) => {
      gate = until;
    },
  };
}

test('what was read before anybody followed is asked for again; from then on only what was changed is', async (t) => {
  const { asked, boot, pass } = await scene(t);
  t.deepEqual(asked, { feed: 1, machine: 1, listened: 1 });
  pass(5000);
  await boot();
  t.is(asked.machine, 2);
  for (let n = 0; n < 20; n += 1) {
    pass(2500);
    await Promise.all(Array.from({ length: 10 }, boot));
  }
  t.deepEqual(asked, { feed: 11, machine: 2, listened: 1 });
});

test('a change that is heard of, or learnt when it is asked for, is read at once', async (t) => {
  const { asked, boot, pass, hear, change, known } = await scene(t);
  pass(5000);
  await boot();
  hear({ kind: 'rule', id: 'r' });
  await boot();
  t.is(asked.machine, 2);
  hear({ kind: 'machine', id: known.id });
  await boot();
  t.is(asked.machine, 3);
  hear({ kind: 'machine', id: 'another, which may have taken the MAC' });
  await boot();
  t.is(asked.machine, 4);
  change({ kind: 'machine', id: known.id });
  pass(4000);
  await boot();
  t.is(asked.machine, 4);
  pass(1000);
  await boot();
  t.deepEqual(asked, { feed: 2, machine: 5, listened: 1 });
});

test('a read that began before a change was heard of is not kept after it', async (t) => {
  const { asked, boot, pass, hear, hold, known } = await scene(t);
  pass(5000);
  const { promise, resolve } = Promise.withResolvers<void>();
  hold(promise);
  const early = boot();
  hear({ kind: 'machine', id: known.id });
  hold(undefined);
  resolve();
  await early;
  t.is(asked.machine, 2);
  await boot();
  t.is(asked.machine, 3);
});

test('whoever has lost track serves nothing that is older than five seconds', async (t) => {
  const { asked, boot, pass, lose } = await scene(t);
  pass(5000);
  await boot();
  pass(5000);
  lose(true);
  await boot();
  t.is(asked.machine, 3);
  lose(false);
  pass(5001);
  await boot();
  pass(5000);
  await boot();
  t.is(asked.machine, 4);
});

test('nobody vouches for an answer for longer than ten minutes', async (t) => {
  const { asked, boot, pass } = await scene(t);
  pass(5000);
  await boot();
  for (let n = 0; n < 119; n += 1) {
    pass(5000);
    await boot();
  }
  t.is(asked.machine, 2);
  pass(5000);
  await boot();
  t.is(asked.machine, 3);
});

test('while the store is down what is known is served as stale, and when it is back it is asked what was changed', async (t) => {
  const { asked, boot, pass, known, change, ...scenery } = await scene(t);
  pass(5000);
  await boot();
  pass(5000);
  scenery.break(new StoreDown('records', 'reading what was changed', new Error('x')));
  t.deepEqual(await boot(), known);
  t.is(asked.machine, 2);
  scenery.break(undefined);
  pass(1000);
  change({ kind: 'machine', id: known.id });
  t.deepEqual(await boot(), known);
  t.is(asked.machine, 3);
});

test('when nobody tells any more that is told, and it is listened again after the next question', async (t) => {
  const { asked, boot, pass, silence, silences } = await scene(t);
  pass(5000);
  await boot();
  silence(new Error('PERMISSION_DENIED'));
  t.deepEqual(
    silences.map(({ message }) => message),
    ['PERMISSION_DENIED'],
  );
  silence();
  t.is(silences.length, 1);
  t.is(asked.listened, 1);
  pass(5000);
  await boot();
  t.is(asked.listened, 2);
});
