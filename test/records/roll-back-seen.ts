import type { ExecutionContext } from 'ava';
import type { Records } from '../../src/records/records.ts';
import { at, machine, macOf, revision } from './examples.ts';
import { rolledBackBy } from './other-process.ts';
import { createMachine, createProfile } from './writing.ts';

/** What another process rolls back is what the next boot here gets, five seconds later at most. */
export async function seesRollBack(
  t: ExecutionContext,
  cache: {
    readonly store: Records;
    /** The cache on that store. */
    readonly records: Records;
    /** Lets its clock go on. */
    readonly pass: (ms: number) => void;
    /** How the other process names the store. */
    readonly name: readonly string[];
  },
): Promise<void> {
  const { store, records, pass, name } = cache;
  const known = machine({ macs: [macOf(1)] });
  const [first, second] = [revision(), revision()];
  await createMachine(store, known);
  for (const each of [first, second]) await createProfile(store, each, { machine_id: known.id, at: at(0) });
  const boots = async () => {
    const found = await records.findMachine({ mac: macOf(1) });
    return records.profile(found?.active ?? '');
  };
  t.deepEqual(await boots(), second);
  const back = await rolledBackBy(name, known.id, first.id);
  pass(4999);
  t.deepEqual(await boots(), second);
  pass(1);
  t.deepEqual(await boots(), { ...first, id: back });
}
