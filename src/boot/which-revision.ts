import type { Identity } from './machine/identity.ts';
import type { Machine } from './machine/machine.ts';
import { unknownMachine } from './machine/which-machine.ts';
import { isRefusal, type Refusal, refuse } from './problem.ts';
import type { ProfileRevision } from './profile.ts';
import { assignmentOf } from './rule/assignment.ts';
import { StoreDown } from './store-down.ts';
import { type Asked, said } from './way.ts';

/** What the machine of this identity boots now: its own profile, a rule's, or what unknown machines get. */
export async function bootingRevision(asked: Asked, identity: Identity): Promise<ProfileRevision | Refusal> {
  const { way } = asked;
  const revision = way.machine
    ? await assigned(asked, way.machine)
    : await ofUnknownMachines(asked, identity);
  if (isRefusal(revision)) return revision;
  way.revision = revision;
  said(asked, 'revision', `${way.assigned?.reason}: revision ${revision.id} of ${revision.name}`);
  return revision;
}

async function assigned(asked: Asked, machine: Machine): Promise<ProfileRevision | Refusal> {
  const { world, source, wanted, way, make = {} } = asked;
  const arch = asked.arch ?? (wanted.kind === 'entry' ? wanted.arch : 'x86_64');
  const from = source && !isRefusal(source) ? { source: source.address } : {};
  const assignment = assignmentOf(machine, machine.active ? [] : await world.rules(), {
    arch,
    make,
    ...from,
  });
  const { revision: id, ...who } = assignment;
  way.assigned = who;
  if (id === undefined)
    return refuse(
      'no-profile',
      `Machine ${machine.id} has no profile: ${who.reason}. Give it one: bootbroker profile create --machine ${machine.id} ...`,
    );
  const revision = await world.revision({ id });
  if (revision) return revision;
  const missing = `the revision ${id}, which it is to boot, is missing`;
  throw new StoreDown('records', `machine ${machine.id}`, missing);
}

async function ofUnknownMachines(asked: Asked, identity: Identity): Promise<ProfileRevision | Refusal> {
  const { world, way } = asked;
  const { unknownMachine: policy } = asked.policy;
  if (typeof policy === 'string') {
    way.assigned = { by: 'nothing', reason: 'nobody has registered this machine', considered: [] };
    return unknownMachine(identity, way.like);
  }
  const { profile } = policy;
  const reason = `nobody knows this machine, and BROKER_UNKNOWN_MACHINE is profile:${profile}`;
  way.assigned = { by: 'unknown-policy', reason, considered: [] };
  return (
    (await world.revision({ newest: profile })) ??
    refuse(
      'no-profile',
      `There is no profile ${profile} yet, which BROKER_UNKNOWN_MACHINE gives to machines that nobody registered. Make it: bootbroker profile create --name ${profile} ...`,
    )
  );
}
