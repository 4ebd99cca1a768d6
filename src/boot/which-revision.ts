import type { Identity } from './machine/identity.ts';
import type { Machine } from './machine/machine.ts';
import { unknownMachine } from './machine/which-machine.ts';
import { isRefusal, type Refusal, refuse } from './problem.ts';
import { type ProfileRevision, parseArch } from './profile.ts';
import { type Assignment, assignmentOf } from './rule/assignment.ts';
import { StoreDown } from './store-down.ts';
import { type Asked, said } from './way.ts';

/** `disk`: it goes on to its own disk, although no revision says so. */
export type Start = ProfileRevision | 'disk';

/** What the machine of this identity boots now: its own profile, a rule's, or what machines get for which nobody said anything. */
export async function bootingRevision(asked: Asked, identity: Identity): Promise<Start | Refusal> {
  const { way } = asked;
  const start = way.machine
    ? await assigned(asked, way.machine)
    : await byUnknownPolicy(asked, 'nobody knows this machine', unknownMachine(identity, way.like));
  if (isRefusal(start)) return start;
  if (start !== 'disk') way.revision = start;
  const wrong = start === 'disk' ? undefined : wrongArch(asked, start);
  if (wrong) return wrong;
  const what = start === 'disk' ? 'its own disk' : `revision ${start.id} of ${start.name}`;
  said(asked, 'revision', `${way.assigned?.reason}: ${what}`);
  return start;
}

async function assigned(asked: Asked, machine: Machine): Promise<Start | Refusal> {
  const { world, source, wanted, way, make = {} } = asked;
  const arch = asked.arch ?? (wanted.kind === 'entry' ? wanted.arch : 'x86_64');
  const from = source && !isRefusal(source) ? { source: source.address } : {};
  const assignment = assignmentOf(machine, machine.active ? [] : await world.rules(), {
    arch,
    make,
    ...from,
  });
  const { revision: id, ...who } = assignment;
  if (id === undefined) {
    const detail = `Machine ${machine.id} has no profile: ${who.reason}. Give it one: bootbroker profile create --machine ${machine.id} ...`;
    return byUnknownPolicy(asked, who.reason, refuse('no-profile', detail), who.considered);
  }
  way.assigned = who;
  const revision = await world.revision({ id });
  if (revision) return revision;
  const missing = `the revision ${id}, which it is to boot, is missing`;
  throw new StoreDown('records', `machine ${machine.id}`, missing);
}

/** A machine for which nobody said what it boots, registered or not, gets what BROKER_UNKNOWN_MACHINE says. */
async function byUnknownPolicy(
  { world, way, policy: { unknownMachine: policy } }: Asked,
  why: string,
  refusal: Refusal,
  considered: Assignment['considered'] = [],
): Promise<Start | Refusal> {
  if (policy === 'refuse') {
    way.assigned = { by: 'nothing', reason: why, considered };
    return refusal;
  }
  const setting = typeof policy === 'string' ? policy : `profile:${policy.profile}`;
  const reason = `${why}, and BROKER_UNKNOWN_MACHINE is ${setting}`;
  way.assigned = { by: 'unknown-policy', reason, considered };
  if (policy === 'exit') return 'disk';
  const { profile } = policy;
  return (
    (await world.revision({ newest: profile })) ??
    refuse(
      'no-profile',
      `There is no profile ${profile} yet, which BROKER_UNKNOWN_MACHINE gives to machines for which nobody said what they boot. Make it: bootbroker profile create --name ${profile} ...`,
    )
  );
}

/** No machine gets what is for another architecture than it says it has: it would start nothing, and nobody would know why. */
function wrongArch(
  { claimedArch, way }: Asked,
  { name, id, arch, disk }: ProfileRevision,
): Refusal | undefined {
  if (disk || claimedArch === undefined || parseArch(claimedArch) === arch) return undefined;
  const who = way.machine ? `Machine ${way.machine.id}` : 'It';
  return refuse(
    'wrong-architecture',
    `${who} says that it is ${claimedArch.slice(0, 40)}, and ${name} (revision ${id}) is for ${arch}. Give it a profile for its own: bootbroker profile create --arch ...`,
  );
}
