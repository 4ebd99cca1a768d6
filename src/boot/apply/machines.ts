import { isDeepStrictEqual } from 'node:util';
import { activated, changed } from '../activation.ts';
import { saidOf } from '../fields/field.ts';
import { machineFields } from '../fields/machine.ts';
import type { Machine, MachineFields } from '../machine/machine.ts';
import type { ProfileRevision } from '../profile.ts';
import { type DesiredMachine, type Fault, fault, machineTitle } from './desired.ts';
import type { Making } from './revisions.ts';
import type { Step } from './step.ts';

/** A desired machine with the one that it means, and what it is to boot where its file says so. */
export interface MachineAim {
  readonly desired: DesiredMachine;
  readonly before: Machine | undefined;
  readonly revision: ProfileRevision | undefined;
}

export function machineSteps(
  aims: readonly MachineAim[],
  present: readonly Machine[],
  { prune, ...making }: Making & { readonly prune: boolean },
): { readonly steps: readonly Step<Machine>[]; readonly faults: readonly Fault[] } {
  const named = new Set(aims.flatMap(({ before }) => before?.id ?? []));
  const rest = present.filter(({ id }) => !named.has(id));
  const doomed = rest.filter(({ managed_by }) => prune && managed_by === 'apply');
  const holder = new Map(
    rest.filter((one) => !doomed.includes(one)).flatMap((one) => one.macs.map((mac) => [mac, one] as const)),
  );
  const faults = aims.flatMap(({ desired }, index) =>
    desired.macs.flatMap((mac, at) => {
      const other = holder.get(mac);
      return other
        ? [
            fault(
              ['machines', index, 'macs', at],
              `${mac} belongs to machine ${machineTitle(other)} (${other.id}), which is not the one meant here`,
            ),
          ]
        : [];
    }),
  );
  const steps = aims.flatMap((aim): Step<Machine>[] => {
    const after = next(aim, making);
    if (!after) return [];
    return [aim.before ? { before: aim.before, after } : { after }];
  });
  return { steps: [...doomed.map((before) => ({ before })), ...steps], faults };
}

/** The machine as it is to be; undefined when it is so already. */
function next({ desired, before, revision }: MachineAim, { now, newId }: Making): Machine | undefined {
  const { profile, ...fields } = desired;
  const kept = profile === null ? {} : before?.active === undefined ? {} : { active: before.active };
  const moves = revision !== undefined && revision.id !== before?.active;
  if (
    before &&
    !moves &&
    before.active === kept.active &&
    before.managed_by === 'apply' &&
    isDeepStrictEqual(saidOfMachine(before), fields)
  )
    return undefined;
  const machine: Machine = {
    id: before?.id ?? newId(),
    ...fields,
    ...kept,
    history: before?.history ?? [],
    version: before?.version ?? 0,
    managed_by: 'apply',
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
  return moves ? activated(machine, revision.id, now) : changed(machine, now);
}

export function saidOfMachine(machine: Machine): MachineFields {
  return saidOf(machineFields, machine);
}
