import type { machineFields } from '../fields/machine.ts';
import { anyContains, parseNetwork } from '../network.ts';
import type { machineSchema } from '../schema/machine.ts';
import type { Output } from '../schema/type.ts';

/** `active` is the revision it boots; without one, a rule decides. */
export type Machine = Output<typeof machineSchema>;

/** What an administrator may say of a machine. */
export type MachineFields = Pick<Machine, keyof typeof machineFields>;

/** Identity is claim + source binding: a machine that names its networks is that machine only from there. */
export function bootsFrom(machine: Machine, address: string): boolean {
  if (machine.networks.length === 0) return true;
  return anyContains(
    machine.networks.flatMap((cidr) => parseNetwork(cidr) ?? []),
    address,
  );
}

/** Whether the machine was ever pointed to that revision itself; what rules gave it, its boots say. */
export function hasBooted({ active, history }: Machine, revision: string): boolean {
  return active === revision || history.some((move) => move.revision === revision);
}
