import test, { type ExecutionContext } from 'ava';
import { cachedRecords } from '../../src/records/cached/cached.ts';
import type { Records } from '../../src/records/records.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { until } from '../support/http.ts';
import { bootEntry, machine, macOf, revision, rule } from './examples.ts';
import { tempFile } from './temp-file.ts';
import { createMachine, createProfile } from './writing.ts';

function opened(t: ExecutionContext, file: string) {
  const records = openSqlite(file);
  t.teardown(() => records.close());
  return records;
}

/** The cache as the program has it over SQLite, with a clock that stands until it is told, and what it asks the store. */
async function scene(t: ExecutionContext) {
  const file = await tempFile(t);
  const store = opened(t, file);
  const asked: string[] = [];
  const counting = Object.fromEntries(
    Object.entries(store).map(([name, call]) => [
      name,
      typeof call === 'function'
        ? (...given: readonly unknown[]) => {
            asked.push(name);
            return (call as (...given: readonly unknown[]) => unknown)(...given);
          }
        : call,
    ]),
  ) as unknown as typeof store;
  let now = Date.now();
  const clock = () => new Date(now);
  const cached = cachedRecords(counting, { clock, changes: store.changes, bootsApart: true });
  const known = machine({ macs: [macOf(1)] });
  const profile = revision();
  await createMachine(cached.uncached, known);
  await createProfile(cached.uncached, profile, { machine_id: known.id, at: new Date(now).toISOString() });
  return {
    file,
    cached,
    asked,
    known,
    profile,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

/** What a script of that machine asks. */
async function boot(records: Records, mac: string, revision: string): Promise<void> {
  const found = await records.findMachine({ mac });
  await records.machine(found?.id ?? '');
  await records.rulebook();
  await records.profile(revision);
  await records.damagedAssets();
}

test('a boot that was seen before asks the store nothing, for as long as nobody writes', async (t) => {
  const { cached, asked, known, profile, pass } = await scene(t);
  await boot(cached, macOf(1), profile.id);
  // It looks whether others write a moment after the first answer; what was read before that is read once more.
  await until(async () => {
    asked.length = 0;
    pass(5_001);
    await boot(cached, macOf(1), profile.id);
    return asked.length === 0;
  });
  for (const later of [0, 4_000, 60_000, 300_000]) {
    pass(later);
    await boot(cached, macOf(1), profile.id);
  }
  t.deepEqual(asked, []);
  t.is((await cached.findMachine({ mac: macOf(1) }))?.id, known.id);
});

test('what this process writes is known at once, and makes nothing else outdated', async (t) => {
  const { cached, asked, known, profile } = await scene(t);
  await boot(cached, macOf(1), profile.id);
  asked.length = 0;
  const named = rule();
  await cached.uncached.write([{ kind: 'rule', id: named.id, expected: 0, to: named }]);
  t.deepEqual(asked, ['write']);
  t.is((await cached.rulebook()).length, 1);
  await cached.damagedAssets();
  await cached.findMachine({ mac: macOf(1) });
  t.deepEqual(asked, ['write', 'rulebook']);
  const now = await cached.uncached.machine(known.id);
  const to = { ...known, ...now, version: (now?.version ?? 0) + 1, name: 'renamed' };
  const expected = now?.version ?? 0;
  t.is(await cached.uncached.write([{ kind: 'machine', id: known.id, expected, to }]), 'written');
  t.is((await cached.findMachine({ mac: macOf(1) }))?.name, 'renamed');
});

test('what another process writes is known within five seconds', async (t) => {
  const { file, cached, profile, pass } = await scene(t);
  const other = opened(t, file);
  for (let round = 0; round < 3; round += 1) {
    await boot(cached, macOf(1), profile.id);
    pass(5_001);
    await boot(cached, macOf(1), profile.id);
    const named = rule({ name: `r${round}`, priority: round });
    t.is(await other.write([{ kind: 'rule', id: named.id, expected: 0, to: named }]), 'written');
    pass(5_000);
    t.is((await cached.rulebook()).length, round + 1);
  }
});

test('the last boot of a machine is known without the file, whoever wrote it', async (t) => {
  const file = await tempFile(t);
  const [one, other] = [opened(t, file), opened(t, file)];
  const begun = (at: string) => bootEntry({ machine_id: 'm', revision: 'r', at });
  const [first, second, third] = [
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T01:00:00.000Z',
    '2026-01-01T02:00:00.000Z',
  ].map(begun);
  await one.addBootEntry(first as never);
  t.is((await one.lastBoot('m'))?.id, first?.fresh);
  await other.addBootEntry(second as never);
  t.is((await other.lastBoot('m'))?.id, second?.fresh);
  // It writes for another machine, and so it hears that somebody else has written.
  await one.addBootEntry(bootEntry({ machine_id: 'n' }));
  t.is((await one.lastBoot('m'))?.id, second?.fresh);
  await one.addBootEntry(third as never);
  const step = bootEntry({
    machine_id: 'm',
    revision: 'r',
    stage: 'asset',
    detail: 'kernel',
    at: '2026-01-01T02:00:01.000Z',
  });
  await other.addBootEntry(step);
  t.deepEqual(
    (await other.listBoots('m', { limit: 10 })).items.map(({ id, steps }) => [id, steps.length]),
    [
      [first?.fresh, 1],
      [second?.fresh, 1],
      [third?.fresh, 2],
    ],
    'what goes on goes on with what the other process began',
  );
});
