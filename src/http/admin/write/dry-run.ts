import { type Impact, impactOn } from '../../../boot/impact.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { asksForSource } from '../../../boot/rule/selector.ts';
import type { World } from '../../../boot/world.ts';
import type { Change, Page, PageRequest } from '../../../records/records.ts';
import { recordsWorld } from '../../plane/records-world.ts';
import type { AdminParts } from '../parts.ts';
import { breather } from './breather.ts';
import { changedWorld, keptWorld, machineAfter } from './changed-world.ts';

export interface DryRun extends Page<Impact> {
  /** How many machines this page looked at. */
  readonly examined: number;
}

/**
 * What these changes would change, machine by machine. A page looks at as many machines as its limit says, so it may be
 * short, even empty, and `next` still lead on. A machine whose label does not say its architecture is taken for x86_64, and
 * to ask from where it asked last.
 */
export async function impactOf(
  changes: readonly Change[],
  page: PageRequest,
  parts: AdminParts,
): Promise<DryRun> {
  const now = keptWorld(recordsWorld(parts.records));
  const changed = keptWorld(changedWorld(now, changes));
  const { machines, next } = await touched(changes, page, parts);
  const rules = [...(await now.rules()), ...(await changed.rules())];
  const byAddress = rules.some(({ selector }) => asksForSource(selector));
  const ofRules = changes.some(({ kind }) => kind === 'rule');
  const made = new Set(newMachines(changes).map(({ id }) => id));
  const items: Impact[] = [];
  const breathe = breather();
  for (const machine of machines) {
    await breathe();
    const before: World = { ...now, machine: () => (made.has(machine.id) ? undefined : machine) };
    const after: World = { ...changed, machine: () => machineAfter(changes, machine) };
    const from = await lastAddress(machine, byAddress || !ofRules, parts);
    const found = await impactOn(machine, { before, after }, parts, from);
    if (found) items.push(found);
  }
  return { items, examined: machines.length, ...(next && { next }) };
}

async function lastAddress({ id }: Machine, matters: boolean, { records }: AdminParts) {
  const last = matters ? await records.lastBoot(id) : undefined;
  return last?.source;
}

/** Which machines the changes may be about: those that they name, or else all. */
async function touched(
  changes: readonly Change[],
  page: PageRequest,
  { records }: AdminParts,
): Promise<{ machines: readonly Machine[]; next?: string }> {
  if (changes.some(({ kind }) => kind === 'rule')) {
    const { items, next } = await records.listMachines(page);
    const first = page.cursor === undefined ? newMachines(changes) : [];
    return { machines: [...first, ...items], ...(next && { next }) };
  }
  const named = changes.flatMap((change) =>
    change.kind === 'machine' && change.expected > 0 ? change.id : [],
  );
  const stored = await Promise.all(named.map((id) => records.machine(id)));
  return { machines: [...newMachines(changes), ...stored.flatMap((machine) => machine ?? [])] };
}

function newMachines(changes: readonly Change[]): readonly Machine[] {
  return changes.flatMap((change) =>
    change.kind === 'machine' && change.expected === 0 && change.to ? change.to : [],
  );
}
