import type { Identity } from './identity.ts';
import type { Machine } from './machine.ts';
import { swappedUuid } from './placeholders.ts';

/** One thing that a machine may be called by. */
export type CalledBy = Pick<Identity, 'mac'> | Pick<Identity, 'uuid'> | Pick<Identity, 'serial'>;

/**
 * The machine of this identity, by questions to a store, of which each is answered by the machines that have that MAC, UUID or
 * serial: all of them, or the first two. By MAC; else by UUID, else by the UUID in the other byte order, else by serial: by
 * these only if exactly one machine has it, and nothing stronger that both say speaks against it. So a machine that has MACs is
 * found by these alone, unless the request names no MAC: boards have UUIDs and serials in common.
 */
function* finding(identity: Identity): Generator<CalledBy, Machine | undefined, readonly Machine[]> {
  const { mac, uuid, serial } = identity;
  const [holder] = mac ? yield { mac } : [];
  if (holder) return holder;
  const same = uuid ? yield { uuid } : [];
  const alike = uuid && same.length === 0 ? yield { uuid: swappedUuid(uuid) } : same;
  const byUuid = onlyOne(alike);
  if (byUuid && !(mac && hasMacs(byUuid))) return byUuid;
  const bySerial = serial ? onlyOne(yield { serial }) : undefined;
  return bySerial && !contradicts(bySerial, identity) ? bySerial : undefined;
}

/** The same, where the store answers at once. */
export function foundAtOnce(
  identity: Identity,
  machinesWith: (called: CalledBy) => readonly Machine[],
): Machine | undefined {
  const questions = finding(identity);
  let step = questions.next();
  while (!step.done) step = questions.next(machinesWith(step.value));
  return step.value;
}

/** The same, where the store takes its time. */
export async function foundLater(
  identity: Identity,
  machinesWith: (called: CalledBy) => Promise<readonly Machine[]>,
): Promise<Machine | undefined> {
  const questions = finding(identity);
  let step = questions.next();
  while (!step.done) step = questions.next(await machinesWith(step.value));
  return step.value;
}

/** Whether a stronger claim than its serial says that it is another. */
function contradicts(machine: Machine, { mac, uuid }: Identity): boolean {
  const known = machine.uuid;
  return (
    Boolean(mac && hasMacs(machine)) ||
    Boolean(uuid && known && known !== uuid && known !== swappedUuid(uuid))
  );
}

function hasMacs({ macs }: Machine): boolean {
  return macs.length > 0;
}

function onlyOne(machines: readonly Machine[]): Machine | undefined {
  return machines.length === 1 ? machines[0] : undefined;
}
