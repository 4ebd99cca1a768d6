import type { Context } from 'koa';
import { assignmentOf } from '../../boot/assignment.ts';
import type { Caller } from '../../boot/client.ts';
import {
  bootsFrom,
  claimedIdentity,
  type Identity,
  isAnonymous,
  type Machine,
  parseMac,
} from '../../boot/machine.ts';
import { isRefusal, type Refusal, refuse } from '../../boot/problem.ts';
import { type ProfileRevision, parseArch } from '../../boot/profile.ts';
import { StoreDown } from '../../boot/store-down.ts';
import type { TemplateSubject } from '../../boot/template.ts';
import { unknownSubject } from '../../boot/unknown-machine.ts';
import { note } from '../plane/request-log.ts';
import type { BootParts } from './parts.ts';

/** What a request says of the program that sent it. */
export function callerOf(ctx: Context): Caller {
  return {
    userAgent: ctx.req.headers['user-agent'],
    host: ctx.req.headers.host,
    httpVersion: ctx.req.httpVersion,
  };
}

/** One query parameter; given twice it says nothing. `+` is a plus, as iPXE and firmware write it. */
export function query(ctx: Context, name: string): string | undefined {
  const values = ctx.querystring
    .split('&')
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => decodeURIComponent(pair.slice(name.length + 1)));
  return values.length === 1 ? values[0] : undefined;
}

/** The identity in the path, `/m/{mac}/...`, or else in the query. */
export function identityOf(ctx: Context): Identity | Refusal {
  const inPath = ctx.params.mac;
  if (inPath === undefined) return claimedIdentity((name) => query(ctx, name));
  const mac = parseMac(inPath);
  return mac
    ? { mac }
    : refuse('bad-identity', 'The path names no MAC address. Ask for /m/aa-bb-cc-dd-ee-ff/...');
}

/** The machine that this identity claims to be, if it may be it from here; undefined when nobody knows it. */
export async function claimedMachine(
  ctx: Context,
  identity: Identity,
  parts: BootParts,
): Promise<Machine | Refusal | undefined> {
  note(ctx, { ...identity });
  const claimed = isAnonymous(identity) ? undefined : await parts.records.findMachine(identity);
  return believed(ctx, claimed, parts);
}

/** The machine whose id a script put into the URL as `?machine=`; a stranger's id means nothing. */
export async function scriptedMachine(
  ctx: Context,
  parts: BootParts,
): Promise<Machine | Refusal | undefined> {
  const id = query(ctx, 'machine');
  return believed(ctx, id === undefined ? undefined : await parts.records.machine(id), parts);
}

/** The machine that a report or an asset request is about: the one in its path, else the one that a script wrote into its query. */
export async function namedMachine(ctx: Context, parts: BootParts): Promise<Machine | Refusal> {
  const byScript = ctx.params.mac === undefined && query(ctx, 'machine') !== undefined;
  const scripted = byScript ? await scriptedMachine(ctx, parts) : undefined;
  if (scripted) return scripted;
  const identity = identityOf(ctx);
  if (isRefusal(identity)) return identity;
  return (await claimedMachine(ctx, identity, parts)) ?? unknownMachine(identity);
}

/** What boots here, and why that. */
export interface Booting {
  readonly subject: TemplateSubject;
  readonly revision: ProfileRevision;
  readonly reason: string;
}

/** What the machine of this identity boots now: its own profile, a rule's, or what unknown machines get. */
export async function bootingOf(
  ctx: Context,
  identity: Identity,
  machine: Machine | undefined,
  parts: BootParts,
): Promise<Booting | Refusal> {
  const booting = machine ? await machineBooting(ctx, machine, parts) : await unknownBooting(identity, parts);
  if (!isRefusal(booting)) note(ctx, { revision: booting.revision.id });
  return booting;
}

async function machineBooting(
  ctx: Context,
  machine: Machine,
  { records }: BootParts,
): Promise<Booting | Refusal> {
  const arch = parseArch(query(ctx, 'arch')) ?? parseArch(ctx.params.arch) ?? 'x86_64';
  const rules = machine.active ? [] : await records.rulebook();
  const assignment = assignmentOf(machine, rules, { arch, source: ctx.state.source.address });
  if (!assignment.revision)
    return refuse(
      'no-profile',
      `Machine ${machine.id} has no profile: ${assignment.reason}. Give it one: bootbroker profile create --machine ${machine.id} ...`,
    );
  const revision = await records.profile(assignment.revision);
  if (!revision)
    throw new StoreDown(
      'records',
      `machine ${machine.id}`,
      `the revision ${assignment.revision}, which it is to boot, is missing`,
    );
  const reason =
    assignment.by === 'machine' ? `the machine's own profile is ${revision.name}` : assignment.reason;
  return { subject: machine, revision, reason };
}

async function unknownBooting(
  identity: Identity,
  { records, unknownMachine: policy }: BootParts,
): Promise<Booting | Refusal> {
  if (typeof policy === 'string') return unknownMachine(identity);
  const revision = await records.newestProfile(policy.profile);
  if (!revision)
    return refuse(
      'no-profile',
      `There is no profile ${policy.profile} yet, which BROKER_UNKNOWN_MACHINE gives to machines that nobody registered. Make it: bootbroker profile create --name ${policy.profile} ...`,
    );
  return {
    subject: unknownSubject(identity),
    revision,
    reason: `nobody knows this machine, and BROKER_UNKNOWN_MACHINE is profile:${policy.profile}`,
  };
}

function unknownMachine(identity: Identity): Refusal {
  const said = Object.entries(identity).map(([name, value]) => `${name} ${value}`);
  const command = `bootbroker machine add --mac ${identity.mac ?? 'AA:BB:CC:DD:EE:FF'}`;
  return refuse(
    'unknown-machine',
    `Nobody has registered ${said.join(', ') || 'a machine that does not say who it is'}. Register it: ${command}`,
  );
}

/**
 * An edge's word for the interface that speaks is stronger than a claim: it names the machine that claims nothing, and refuses
 * a claim to be another. A MAC that nobody has registered says nothing, for it may be a dongle's or a replaced part's.
 */
async function believed(
  ctx: Context,
  claimed: Machine | undefined,
  { records }: BootParts,
): Promise<Machine | Refusal | undefined> {
  const hw = ctx.state.source.edge?.hw;
  const vouched = hw === undefined ? undefined : await records.findMachine({ mac: hw });
  if (vouched && claimed && vouched.id !== claimed.id)
    return refuse(
      'claim-contradicted',
      `It says that it is machine ${claimed.id}, but its interface ${hw} belongs to machine ${vouched.id}.`,
    );
  return bound(ctx, claimed ?? vouched);
}

function bound(ctx: Context, machine: Machine | undefined): Machine | Refusal | undefined {
  if (!machine) return undefined;
  note(ctx, { machine: machine.id });
  const { address } = ctx.state.source;
  if (bootsFrom(machine, address)) return machine;
  return refuse(
    'machine-not-here',
    `Machine ${machine.id} boots from ${machine.networks.join(', ')}, not from ${address}.`,
  );
}
