import type { Machine } from '../../../boot/machine.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { inForce, type RuleInForce } from '../../../boot/rule.ts';
import type { Change, Records } from '../../../records/records.ts';

/** What decides what machines boot: as it is, or as changes would make it. */
export interface World {
  readonly rules: readonly RuleInForce[];
  /** The machine as it is in this world, given how it is in the records; undefined when it is not there. */
  machine(stored: Machine): Machine | undefined;
  revision(id: string): Promise<ProfileRevision | undefined>;
}

export async function worldNow(records: Pick<Records, 'rulebook' | 'profile'>): Promise<World> {
  const known = new Map<string, Promise<ProfileRevision | undefined>>();
  return {
    rules: await records.rulebook(),
    machine: (stored) => stored,
    revision(id) {
      const found = known.get(id) ?? records.profile(id);
      known.set(id, found);
      return found;
    },
  };
}

/** The same world after these changes. */
export function changedWorld(world: World, changes: readonly Change[]): World {
  const revisions = new Map(
    changes.flatMap((change) => (change.kind === 'profile' ? [[change.to.id, change.to]] : [])),
  );
  const machines = new Map(
    changes.flatMap((change) => (change.kind === 'machine' ? [[change.id, change.to]] : [])),
  );
  const rules = new Map(world.rules.map((rule) => [rule.id, rule]));
  for (const change of changes) {
    if (change.kind !== 'rule') continue;
    if (change.to) rules.set(change.id, inForce(change.to));
    else rules.delete(change.id);
  }
  return {
    rules: [...rules.values()],
    machine: (stored) => (machines.has(stored.id) ? machines.get(stored.id) : world.machine(stored)),
    revision: async (id) => revisions.get(id) ?? (await world.revision(id)),
  };
}
