import type { z } from 'zod';
import type { ResolvedAsset } from '../boot/asset.ts';
import { type Caller, type Client, clientOf, runsScripts } from '../boot/client.ts';
import { decideAsset } from '../boot/decide.ts';
import { bootsFrom, isAnonymous, type Machine } from '../boot/machine.ts';
import { canonicalAddress } from '../boot/network.ts';
import { isRefusal, type Refusal, refuse } from '../boot/problem.ts';
import type { ProfileRevision } from '../boot/profile.ts';
import { bootstrapScript, machineScript } from '../boot/script.ts';
import { firstStage } from './boot.ts';
import type { AdminParts } from './parts.ts';
import type { explainQuery } from './schemas.ts';

/** What would this caller get, and why: the boot plane's own functions, without a boot. */
export async function explain(
  query: z.output<typeof explainQuery>,
  parts: AdminParts,
): Promise<unknown | Refusal> {
  const source = query.source === undefined ? undefined : canonicalAddress(query.source);
  if (query.source !== undefined && !source)
    return refuse('bad-input', 'query.source: must be an IP address');
  const caller: Caller = { userAgent: query.user_agent, httpVersion: '1.1', host: undefined };
  const client = clientOf(caller);
  const { mac, uuid, serial } = query;
  const identity = { ...(mac && { mac }), ...(uuid && { uuid }), ...(serial && { serial }) };
  const machine = isAnonymous(identity) ? undefined : await parts.records.findMachine(identity);
  const revision = machine?.active ? await parts.records.profile(machine.active) : undefined;
  return {
    identity,
    source:
      source && machine
        ? { address: source, machine_boots_from_here: bootsFrom(machine, source) }
        : { address: source },
    machine: machine ?? null,
    revision: revision ?? null,
    why: why(identity, machine, revision),
    client,
    boot_url: await bootUrl(caller, client, machine, revision, parts),
    assets: machine && revision ? revisionPlans(machine, revision, client, parts) : [],
  };
}

function why(identity: object, machine: Machine | undefined, revision: ProfileRevision | undefined): string {
  if (isAnonymous(identity))
    return 'nothing was said of who is asking: iPXE gets the script that makes it say so';
  if (!machine) return 'nobody has registered this identity: BROKER_UNKNOWN_MACHINE says what it gets';
  if (!revision) return 'the machine has no profile';
  return `the machine's own pointer is at revision ${revision.id} of ${revision.name}`;
}

/** What `/boot.ipxe` answers. */
async function bootUrl(
  caller: Caller,
  client: Client,
  machine: Machine | undefined,
  revision: ProfileRevision | undefined,
  parts: AdminParts,
): Promise<unknown> {
  const path = '/boot.ipxe';
  if (!runsScripts(caller)) {
    const asset = await firstStage('x86_64', parts);
    return { path, answer: 'first-stage', ...(isRefusal(asset) ? asset : planOf(asset, client, parts)) };
  }
  if (machine && revision)
    return { path, answer: 'script', script: machineScript(machine, revision, path, parts.outage) };
  return { path, answer: 'script', script: machine ? null : bootstrapScript(path, parts.outage) };
}

function revisionPlans(
  machine: Machine,
  revision: ProfileRevision,
  client: Client,
  parts: AdminParts,
): unknown[] {
  const { kernel, efi, iso, initrds } = revision;
  const named: [string, ResolvedAsset | undefined][] = [
    ['kernel', kernel],
    ['efi', efi],
    ['iso', iso],
    ...initrds.map((initrd, n): [string, ResolvedAsset] => [`initrd/${n}`, initrd]),
  ];
  return named.flatMap(([part, asset]) =>
    asset
      ? [{ path: `/asset/${revision.id}/${part}?machine=${machine.id}`, ...planOf(asset, client, parts) }]
      : [],
  );
}

function planOf(asset: ResolvedAsset, client: Client, { storage, urlTtlSeconds }: AdminParts) {
  const plan = decideAsset({ method: 'GET', asset, permanence: 'immutable', client, storage, urlTtlSeconds });
  return {
    asset: `${asset.kind} ${asset.name}@${asset.version} ${asset.arch}`,
    plan: plan.kind,
    reason: plan.reason,
  };
}
