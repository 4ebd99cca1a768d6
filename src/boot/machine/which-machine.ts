import { overridden } from '../client.ts';
import { isRefusal, type Refusal, refuse } from '../problem.ts';
import { type Asked, type Like, said } from '../way.ts';
import { type Identity, isAnonymous } from './identity.ts';
import { bootsFrom, type Machine } from './machine.ts';

/** The machine that this identity claims to be, if it may be it from here; undefined when nobody knows it. */
export async function claimedMachine(
  asked: Asked,
  identity: Identity,
): Promise<Machine | Refusal | undefined> {
  asked.way.identity = identity;
  return believed(asked, isAnonymous(identity) ? undefined : await asked.world.machineBy(identity));
}

/** The machine whose id a script put into the URL; a stranger's id means nothing. */
export async function scriptedMachine(asked: Asked): Promise<Machine | Refusal | undefined> {
  const { scripted, world } = asked;
  return believed(asked, scripted === undefined ? undefined : await world.machine(scripted));
}

/** The machine that reports: the one that a script wrote into the URL, else the one that it says it is. */
export async function reporter(asked: Asked): Promise<Machine | Refusal> {
  const scripted = asked.scripted === undefined ? undefined : await scriptedMachine(asked);
  if (scripted) return scripted;
  const { identity } = asked;
  if (isRefusal(identity)) return identity;
  return (await claimedMachine(asked, identity)) ?? unknownMachine(identity);
}

/**
 * An edge's word for the interface that speaks is stronger than a claim: it names the machine that claims nothing, and refuses
 * a claim to be another. A MAC that nobody has registered says nothing, for it may be a dongle's or a replaced part's.
 */
async function believed(asked: Asked, claimed: Machine | undefined): Promise<Machine | Refusal | undefined> {
  const hw = asked.edge?.hw;
  const vouched = hw === undefined ? undefined : await asked.world.machineBy({ mac: hw });
  if (vouched && claimed && vouched.id !== claimed.id)
    return {
      ...refuse('claim-contradicted', `Its interface ${hw} is not one of the machine that it says it is.`),
      logged: `It says that it is machine ${claimed.id}, but its interface ${hw} belongs to machine ${vouched.id}.`,
    };
  const machine = claimed ?? vouched;
  if (!machine) return undefined;
  said(
    asked,
    'machine',
    claimed ? `it is machine ${machine.id}` : `its edge says that it is machine ${machine.id}`,
  );
  asked.way.machine = machine;
  asked.way.client = overridden(asked.client, machine.client);
  return fromHere(asked, machine);
}

/** Identity is claim and source binding: a machine that names its networks is that machine only from there. */
function fromHere(asked: Asked, machine: Machine): Machine | Refusal {
  const { source } = asked;
  const networks = machine.networks.join(', ');
  if (!source || isRefusal(source))
    said(asked, 'from here', 'nobody says from where it asks: it is taken to be where it boots from');
  else if (bootsFrom(machine, source.address))
    said(asked, 'from here', networks ? `it boots from ${networks}` : 'it boots from any address that may');
  else {
    const logged = `Machine ${machine.id} boots from ${networks}, not from ${source.address}.`;
    said(asked, 'from here', `it boots from ${networks}, not from ${source.address}`);
    return { ...refuse('machine-not-here', `This machine does not boot from ${source.address}.`), logged };
  }
  return machine;
}

/** Looks for whom an unknown machine would be taken by its UUID or serial alone, did not its MAC or UUID speak against it. */
export async function tellLike(asked: Asked, { mac, uuid, serial }: Identity): Promise<void> {
  const like: Like[] = [];
  const look = async (by: Like['by'], claim: Identity, against: string) => {
    const machine = await asked.world.machineBy(claim);
    if (!machine) return;
    like.push({ by, machine: machine.id });
    said(
      asked,
      'machine',
      `it says the ${by} of machine ${machine.id}, but ${against} that machine does not have: it is taken for another. ` +
        `If it is that one: bootbroker machine enroll ${mac ?? 'MAC'} --add-to ${machine.id}`,
    );
  };
  if (mac && uuid) await look('uuid', { uuid }, 'a MAC that');
  if (serial && (mac || uuid)) await look('serial', { serial }, mac ? 'a MAC that' : 'a UUID that');
  if (like.length > 0) asked.way.like = like;
}

export function unknownMachine(identity: Identity, like: readonly Like[] = []): Refusal {
  const claims = Object.entries(identity).map(([name, value]) => `${name} ${value}`);
  const detail = `Nobody has registered ${claims.join(', ') || 'a machine that does not say who it is'}. Register it: bootbroker machine add ${optionsOf(identity)}`;
  const refusal = refuse('unknown-machine', detail);
  if (like.length === 0) return refusal;
  const same = like.map(({ by, machine }) => `the ${by} of machine ${machine}`).join(' and ');
  return { ...refusal, logged: `${detail} (it says ${same}, and is taken for another)` };
}

/** The options of `machine add` that say what the caller said. */
function optionsOf({ mac, uuid, serial }: Identity): string {
  if (mac) return `--mac ${mac}`;
  if (uuid) return `--uuid ${uuid}`;
  return serial === undefined ? '--mac AA:BB:CC:DD:EE:FF' : `--serial '${serial.replaceAll("'", "'\\''")}'`;
}
