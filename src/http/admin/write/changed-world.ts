import type { Machine } from '../../../boot/machine/machine.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { inForce } from '../../../boot/rule/rule.ts';
import type { World } from '../../../boot/world.ts';
import type { Change } from '../../../records/records.ts';

/** The same world, asked for rules, revisions and what is damaged once each: what is judged together is judged by the same. */
export function keptWorld(world: World): World {
  const revisions = new Map<string, ReturnType<World['revision']>>();
  let rules: ReturnType<World['rules']> | undefined;
  let damaged: ReturnType<World['damaged']> | undefined;
  return {
    ...world,
    rules() {
      rules ??= world.rules();
      return rules;
    },
    damaged() {
      damaged ??= world.damaged();
      return damaged;
    },
    revision(which) {
      const key = JSON.stringify(which);
      const found = revisions.get(key) ?? world.revision(which);
      revisions.set(key, found);
      return found;
    },
  };
}

/** The machine after these changes; undefined when it is gone. */
export function machineAfter(changes: readonly Change[], stored: Machine): Machine | undefined {
  const change = changes.findLast((one) => one.kind === 'machine' && one.id === stored.id);
  return change?.kind === 'machine' ? change.to : stored;
}

/** The same world after these changes. */
export function changedWorld(world: World, changes: readonly Change[]): World {
  const machines = new Map<string, Machine | undefined>();
  const revisions = new Map<string, ProfileRevision>();
  for (const change of changes) {
    if (change.kind === 'machine') machines.set(change.id, change.to);
    if (change.kind === 'profile') revisions.set(change.to.id, change.to);
  }
  return {
    ...world,
    machine: (id) => (machines.has(id) ? machines.get(id) : world.machine(id)),
    async rules() {
      const rules = new Map((await world.rules()).map((rule) => [rule.id, rule]));
      for (const change of changes) {
        if (change.kind !== 'rule') continue;
        if (change.to) rules.set(change.id, inForce(change.to));
        else rules.delete(change.id);
      }
      return [...rules.values()];
    },
    async revision(which) {
      const made = 'id' in which ? revisions.get(which.id) : newestOf(revisions.values(), which.newest);
      return made ?? world.revision(which);
    },
  };
}

function newestOf(made: Iterable<ProfileRevision>, name: string): ProfileRevision | undefined {
  return [...made].findLast((revision) => revision.name === name);
}
