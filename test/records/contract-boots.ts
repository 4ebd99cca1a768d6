import type { TestFn } from 'ava';
import { mostBoots } from '../../src/boot/history/boot-record.ts';
import type { Records } from '../../src/records/records.ts';
import { at, begunBy, bootEntry, machine, newId } from './examples.ts';
import type { OpenRecords } from './open-records.ts';
import { createMachine } from './writing.ts';

/** What every driver keeps of boots. */
export function bootContract(test: TestFn, open: OpenRecords): void {
  const boots = async (records: Records, machine_id = 'm') =>
    (await records.listBoots(machine_id, { limit: 1000 })).items;

  test('what happens in a boot becomes a step of its record; a report without one goes to the last', async (t) => {
    const records = await open(t);
    const [first, second] = [bootEntry({ revision: newId() }), bootEntry({ revision: newId(), at: at(9) })];
    const kernel = bootEntry({ boot: first.fresh, stage: 'asset', detail: 'kernel', at: at(1) });
    const up = bootEntry({ stage: 'up', at: at(10) });
    for (const entry of [first, second, kernel, up]) await records.addBootEntry(entry);
    t.deepEqual(await boots(records), [
      { ...begunBy(first), steps: [first.step, kernel.step] },
      { ...begunBy(second), steps: [second.step, up.step] },
    ]);
  });

  test('a boot that another machine names is not its own', async (t) => {
    const records = await open(t);
    const begins = bootEntry();
    const foreign = bootEntry({ machine_id: 'other', boot: begins.fresh, stage: 'up' });
    for (const entry of [begins, foreign]) await records.addBootEntry(entry);
    t.deepEqual(await boots(records), [begunBy(begins)]);
    t.deepEqual(await boots(records, 'other'), [begunBy(foreign)]);
  });

  test('a script that is asked for again is counted in its boot', async (t) => {
    const records = await open(t);
    const begins = bootEntry({ revision: newId() });
    const { fresh: boot, revision } = begins;
    await records.addBootEntry({ ...begins, boot });
    await records.addBootEntry(bootEntry({ ...(revision && { revision }), boot, at: at(5) }));
    t.deepEqual(await boots(records), [
      { ...begunBy(begins), steps: [{ ...begins.step, times: 2, last_at: at(5) }] },
    ]);
  });

  test('what was left out is counted, and what is nobody’s begins nothing', async (t) => {
    const records = await open(t);
    const { step: _, ...nothing } = bootEntry({ machine_id: 'nobody' });
    await records.addBootEntry({ ...nothing, left_out: 7 });
    t.deepEqual(await boots(records, 'nobody'), []);
    const begins = bootEntry();
    await records.addBootEntry(begins);
    for (const left_out of [2, 3]) await records.addBootEntry({ ...nothing, machine_id: 'm', left_out });
    t.deepEqual(await boots(records), [{ ...begunBy(begins), left_out: 5 }]);
  });

  test('of one machine the newest boots are kept, and the others’ stay', async (t) => {
    const records = await open(t);
    const other = bootEntry({ machine_id: 'other' });
    await records.addBootEntry(other);
    const all = Array.from({ length: mostBoots + 5 }, (_, n) => bootEntry({ at: at(n) }));
    for (const entry of all) await records.addBootEntry(entry);
    t.deepEqual(await boots(records), all.slice(5).map(begunBy));
    t.deepEqual(await boots(records, 'other'), [begunBy(other)]);
  });

  test('what a machine did goes with it, whoever else did something', async (t) => {
    const records = await open(t);
    const [gone, stays] = [machine(), machine()];
    for (const one of [gone, stays]) {
      await createMachine(records, one);
      for (const n of [1, 2, 3]) await records.addBootEntry(bootEntry({ machine_id: one.id, at: at(n) }));
    }
    t.is(await records.write([{ kind: 'machine', id: gone.id, expected: 1, to: undefined }]), 'written');
    t.deepEqual(await boots(records, gone.id), []);
    t.is((await boots(records, stays.id)).length, 3);
  });

  test('the last boot, and the last with a step of some stage', async (t) => {
    const records = await open(t);
    const [first, second, third] = [bootEntry({ at: at(3) }), bootEntry({ at: at(2) }), bootEntry()];
    for (const entry of [
      first,
      second,
      bootEntry({ stage: 'up', at: at(4) }),
      third,
      bootEntry({ machine_id: 'other' }),
    ])
      await records.addBootEntry(entry);
    t.is((await records.lastBoot('m'))?.id, third.fresh);
    t.is((await records.lastBoot('m', 'up'))?.id, second.fresh);
    t.is(await records.lastBoot('m', 'installed'), undefined);
    t.is(await records.lastBoot('nobody'), undefined);
  });

  test('the first boot of a revision', async (t) => {
    const records = await open(t);
    const of = (revision: string, machine_id = 'm') => bootEntry({ revision, machine_id });
    const all = [of('a'), of('b'), of('b'), of('c', 'other')];
    for (const entry of all) await records.addBootEntry(entry);
    t.is((await records.firstBoot('m', 'b'))?.id, all[1]?.fresh);
    t.is(await records.firstBoot('m', 'c'), undefined);
  });

  test('boots are listed for one machine or for all', async (t) => {
    const records = await open(t);
    const all = ['a', 'b', 'a'].map((machine_id) => bootEntry({ machine_id }));
    for (const entry of all) await records.addBootEntry(entry);
    t.deepEqual(
      await boots(records, 'a'),
      [all[0], all[2]].flatMap((entry) => (entry ? begunBy(entry) : [])),
    );
    t.deepEqual((await records.listBoots(undefined, { limit: 10 })).items, all.map(begunBy));
    const page = await records.listBoots('a', { limit: 1 });
    const rest = await records.listBoots('a', { limit: 1, ...(page.next && { cursor: page.next }) });
    t.deepEqual(
      rest.items.map(({ id }) => id),
      [all[2]?.fresh],
    );
    t.is(rest.next, undefined);
  });

  test('many at once are all kept, each once', async (t) => {
    const records = await open(t);
    const machines = ['a', 'b', 'c', 'd'];
    const begins = machines.map((machine_id) => bootEntry({ machine_id }));
    await Promise.all(begins.map((entry) => records.addBootEntry(entry)));
    const more = Array.from({ length: 20 }, (_, n) =>
      bootEntry({ machine_id: machines[n % 4] ?? '', stage: `s${n}` }),
    );
    await Promise.all(more.map((entry) => records.addBootEntry(entry)));
    for (const machine_id of machines) {
      const [only, ...others] = await boots(records, machine_id);
      t.deepEqual(others, []);
      t.is(only?.steps.length, 6);
    }
  });
}
