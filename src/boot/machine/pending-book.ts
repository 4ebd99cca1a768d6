import { sourceGroup } from '../source-group.ts';
import { FairPlaces } from './fair-places.ts';
import {
  type Observation,
  observationKey,
  observationsOf,
  observed,
  type PendingMachine,
  seenAgain,
} from './pending-machine.ts';

/** So many observations are kept of all pending machines together, fairly by hosts. */
export const mostPending = 1000;

/** All pending machines after these were seen and these ids went, in the order of their coming. What is as it was is the same object. */
export function pendingAfter(
  before: readonly PendingMachine[],
  seen: readonly PendingMachine[],
  gone: readonly string[] = [],
): readonly PendingMachine[] {
  const left = new Set(gone);
  const book = new Map(before.filter(({ id }) => !left.has(id)).map((machine) => [machine.id, machine]));
  for (const machine of seen) book.set(machine.id, seenAgain(book.get(machine.id), machine));
  return withinRoom([...book.values()]);
}

function withinRoom(machines: readonly PendingMachine[]): readonly PendingMachine[] {
  const known = machines.map((machine) => ({ machine, observations: observationsOf(machine) }));
  const all = known.flatMap(({ machine: { id }, observations }) => observations.map((one) => ({ id, one })));
  if (all.length <= mostPending) return machines;
  const places = new FairPlaces<Observation>(mostPending);
  const byTime = all.toSorted((a, b) => compare(a.one.last_seen, b.one.last_seen));
  for (const { id, one } of byTime) places.set(sourceGroup(one.address), observationKey(id, one), one);
  const kept = new Set(places.entries().map(([, , one]) => one));
  return known.flatMap(({ machine, observations }) => {
    const left = observations.filter((one) => kept.has(one));
    return left.length === observations.length ? machine : (observed(machine, left) ?? []);
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
