import { assignmentOf, possibleRevisions } from '../../../boot/assignment.ts';
import type { Impact, Outcome } from '../../../boot/impact.ts';
import type { Machine } from '../../../boot/machine.ts';
import { isRefusal } from '../../../boot/problem.ts';
import { archOf, type ProfileRevision } from '../../../boot/profile.ts';
import { machineScript } from '../../../boot/script.ts';
import { asksForSource } from '../../../boot/selector.ts';
import { renderedFor } from '../../../boot/template.ts';
import type { Change, Page, PageRequest } from '../../../records/records.ts';
import type { AdminParts } from '../parts.ts';
import { changedWorld, type World, worldNow } from './world.ts';

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
  const now = await worldNow(parts.records);
  const after = changedWorld(now, changes);
  const { machines, next } = await touched(changes, page, parts);
  const made = new Set(newMachines(changes).map(({ id }) => id));
  const before: World = { ...now, machine: (stored) => (made.has(stored.id) ? undefined : stored) };
  const byAddress = [...now.rules, ...after.rules].some(({ selector }) => asksForSource(selector));
  const items: Impact[] = [];
  for (const machine of machines) {
    const found = await impactOn(machine, { before, after, byAddress }, parts);
    if (found) items.push(found);
  }
  return { items, examined: machines.length, ...(next && { next }) };
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

async function impactOn(
  machine: Machine,
  {
    before,
    after,
    byAddress,
  }: {
    readonly before: World;
    readonly after: World;
    /** Some rule asks from where a machine boots. */
    readonly byAddress: boolean;
  },
  parts: AdminParts,
): Promise<Impact | undefined> {
  const source = byAddress ? (await parts.records.lastBootEvent(machine.id, 'script'))?.source : undefined;
  const circumstances = {
    arch: archOf(machine),
    ...(source && { source }),
  } as const;
  const seenIn = async (world: World) => {
    const there = world.machine(machine);
    if (!there) return { outcome: null, possible: '' };
    const { revision: id, reason } = assignmentOf(there, world.rules, circumstances);
    const possible = possibleRevisions(there, world.rules, circumstances).join();
    const revision = id === undefined ? undefined : await world.revision(id);
    return { outcome: revision ? await outcomeOf(there, revision, reason, parts) : null, possible };
  };
  const [was, is] = [await seenIn(before), await seenIn(after)];
  const same = was.outcome?.revision === is.outcome?.revision && was.outcome?.script === is.outcome?.script;
  const uncertain = byAddress && source === undefined && was.possible !== is.possible;
  if (same && !uncertain) return undefined;
  const { id, name, macs } = machine;
  return {
    machine: { id, ...(name && { name }), macs },
    before: was.outcome,
    after: is.outcome,
    ...(uncertain && { uncertain }),
  };
}

async function outcomeOf(
  machine: Machine,
  revision: ProfileRevision,
  reason: string,
  { outage }: AdminParts,
): Promise<Outcome> {
  const rendered = await renderedFor(machine, revision);
  const script = isRefusal(rendered)
    ? rendered.detail
    : machineScript(machine, rendered, '/boot.ipxe', outage);
  return { revision: revision.id, profile: revision.name, reason, script };
}
