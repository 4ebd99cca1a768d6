import type { Machine } from '../machine/machine.ts';
import { type DesiredMachine, type Fault, fault, machineTitle } from './desired.ts';

/**
 * Which machine that is there each desired one means: one that holds one of its MACs; else the only one with its UUID; else with
 * its serial; else of its name. Undefined: a new one. No machine is meant twice.
 */
export function matched(
  desired: readonly DesiredMachine[],
  present: readonly Machine[],
): { readonly machines: readonly (Machine | undefined)[]; readonly faults: readonly Fault[] } {
  const found = new Map<number, Machine>();
  const taken = new Set<string>();
  const faults: Fault[] = [];
  const take = (index: number, machine: Machine | undefined) => {
    if (!machine || taken.has(machine.id)) return;
    found.set(index, machine);
    taken.add(machine.id);
  };
  const each = (look: (one: DesiredMachine, index: number) => Machine | undefined) => {
    for (const [index, one] of desired.entries()) if (!found.has(index)) take(index, look(one, index));
  };

  const byMac = new Map(present.flatMap((machine) => machine.macs.map((mac) => [mac, machine] as const)));
  const holders = ({ macs }: DesiredMachine) => [...new Set(macs.flatMap((mac) => byMac.get(mac) ?? []))];
  each((one) => holders(one).find(({ name }) => name !== undefined && name === one.name));
  each((one, index) => {
    const left = holders(one).filter(({ id }) => !taken.has(id));
    if (left.length < 2) return left[0];
    const names = left.map((machine) => `${machineTitle(machine)} (${machine.id})`).join(' and ');
    faults.push(
      fault(
        ['machines', index, 'macs'],
        `these MACs belong to ${names}; give it the name of the one that it is`,
      ),
    );
    return undefined;
  });
  for (const field of ['uuid', 'serial', 'name'] as const) {
    const wanted = Map.groupBy(desired, (one) => one[field]);
    const there = Map.groupBy(present, (machine) => machine[field]);
    each((one) => {
      const value = one[field];
      if (value === undefined || wanted.get(value)?.length !== 1) return undefined;
      const candidates = there.get(value) ?? [];
      return candidates.length === 1 ? candidates[0] : undefined;
    });
  }
  return { machines: desired.map((_, index) => found.get(index)), faults: [...faults, ...twice(desired)] };
}

/** A MAC belongs to one machine. */
function twice(desired: readonly DesiredMachine[]): Fault[] {
  const first = new Map<string, number>();
  return desired.flatMap(({ macs }, index) =>
    macs.flatMap((mac, at) => {
      const other = first.get(mac) ?? index;
      first.set(mac, other);
      const title = desired[other] && machineTitle(desired[other]);
      return other === index
        ? []
        : fault(
            ['machines', index, 'macs', at],
            `${mac} is given to ${title} as well; a MAC belongs to one machine`,
          );
    }),
  );
}
