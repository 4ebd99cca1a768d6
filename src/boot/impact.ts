import { boot } from './boot.ts';
import type { BootPolicy, BootRequest } from './boot-request.ts';
import { clientOf } from './client.ts';
import type { Machine } from './machine/machine.ts';
import type { Plan } from './plan.ts';
import { isRefusal } from './problem.ts';
import { archOf } from './profile.ts';
import { possibleRevisions } from './rule/assignment.ts';
import { isOpen } from './rule/contest.ts';
import { subjectOf } from './rule/selector.ts';
import type { World } from './world.ts';

/** What one machine would boot. */
export interface Outcome {
  readonly revision: string;
  readonly profile: string;
  readonly reason: string;
  /** Or why there is none. */
  readonly script: string;
}

/** One machine for which a write would change something; `null`: it boots nothing, or is not there. */
export interface Impact {
  readonly machine: Pick<Machine, 'id' | 'name' | 'macs'>;
  readonly before: Outcome | null;
  readonly after: Outcome | null;
  /** It depends on from where the machine asks, or on what it says of its make then, and nobody knows that yet. */
  readonly uncertain?: true;
}

/** What would change for this machine from one world to another; undefined: nothing. `from` is where it asked from last. */
export async function impactOn(
  machine: Machine,
  { before, after }: { readonly before: World; readonly after: World },
  policy: BootPolicy,
  from: string | undefined,
): Promise<Impact | undefined> {
  const [was, is] = [await seen(machine, before, policy, from), await seen(machine, after, policy, from)];
  const same = was.outcome?.revision === is.outcome?.revision && was.outcome?.script === is.outcome?.script;
  const uncertain = (was.open || is.open) && was.possible !== is.possible;
  if (same && !uncertain) return undefined;
  const { id, name, macs } = machine;
  return {
    machine: { id, ...(name && { name }), macs },
    before: was.outcome,
    after: is.outcome,
    ...(uncertain && { uncertain }),
  };
}

async function seen(machine: Machine, world: World, policy: BootPolicy, from: string | undefined) {
  const there = await world.machine(machine.id);
  if (!there) return { outcome: null, possible: '', open: false };
  const request = scriptRequest(there, from);
  const decided = await boot(request, { ...world, machineBy: () => there }, policy);
  const { revision, assigned } = decided.way;
  const rules = there.active ? [] : await world.rules();
  const circumstances = { arch: archOf(there), ...(from && { source: from }) };
  const possible = possibleRevisions(there, rules, circumstances).join();
  const open = isOpen(rules, subjectOf(there, circumstances));
  if (!revision || !assigned) return { outcome: null, possible, open };
  const script = isRefusal(decided) ? decided.detail : bodyOf(decided.plan);
  const { id, name: profile } = revision;
  return { outcome: { revision: id, profile, reason: assigned.reason, script }, possible, open };
}

function bodyOf(plan: Plan | undefined): string {
  return plan?.kind === 'text' || plan?.kind === 'disk' ? plan.body : '';
}

/** How iPXE would ask for the script of this machine. */
export function scriptRequest(machine: Machine, from?: string): BootRequest {
  const { id, macs, uuid, serial } = machine;
  const [mac] = macs;
  return {
    method: 'GET',
    wanted: { kind: 'entry', path: '/boot.ipxe', arch: 'x86_64' },
    client: clientOf({ userAgent: 'iPXE/2.0', httpVersion: '1.1', host: undefined }),
    identity: mac ? { mac } : uuid ? { uuid } : { serial: serial ?? id },
    arch: archOf(machine),
    example: true,
    ...(from && { source: { kind: 'source', address: from, via: 'peer' } }),
  };
}
