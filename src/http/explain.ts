import type { z } from 'zod';
import type { ResolvedAsset } from '../boot/asset.ts';
import { type Caller, clientOf, overridden, runsScripts } from '../boot/client.ts';
import { type AssetFacts, decideAsset } from '../boot/decide.ts';
import { bootsFrom, type Identity, isAnonymous, type Machine } from '../boot/machine.ts';
import { canonicalAddress } from '../boot/network.ts';
import { isRefusal, type Refusal, refuse } from '../boot/problem.ts';
import type { ProfileRevision } from '../boot/profile.ts';
import { bootstrapScript, diskScript, machineScript } from '../boot/script.ts';
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
  const edge = query.edge ?? [];
  const { mac, uuid, serial } = query;
  const identity = { ...(mac && { mac }), ...(uuid && { uuid }), ...(serial && { serial }) };
  const machine = isAnonymous(identity) ? undefined : await parts.records.findMachine(identity);
  const client = overridden(clientOf(caller), machine?.client);
  const revision = machine?.active ? await parts.records.profile(machine.active) : undefined;
  const bootUrl = runsScripts(caller)
    ? scriptPlan(identity, machine, revision, parts)
    : await firstStagePlan({ client: clientOf(caller), edge }, parts);
  const assets = machine && revision ? revisionPlans(machine, revision, { client, edge }, parts) : [];
  // What it starts, if anything: that is what people ask about.
  const { plan, reason } = assets[0] ?? bootUrl;
  return {
    identity,
    source: source && {
      address: source,
      ...(machine && { machine_boots_from_here: bootsFrom(machine, source) }),
    },
    machine: machine ?? null,
    revision: revision ?? null,
    client,
    plan,
    reason,
    boot_url: { path: bootPath, ...bootUrl },
    assets,
  };
}

/** Who asks, and through what. */
type Asking = Pick<AssetFacts, 'client' | 'edge'>;

const bootPath = '/boot.ipxe';

/** What iPXE gets at the boot URL. */
function scriptPlan(
  identity: Identity,
  machine: Machine | undefined,
  revision: ProfileRevision | undefined,
  { outage, unknownMachine }: AdminParts,
) {
  if (isAnonymous(identity)) {
    const reason = 'nothing is said of who is asking: the script makes iPXE say it';
    return { plan: 'text', reason, script: bootstrapScript(bootPath, outage) };
  }
  if (!machine && unknownMachine === 'exit')
    return {
      plan: 'text',
      reason: 'nobody knows this machine, and BROKER_UNKNOWN_MACHINE is exit',
      script: diskScript('nobody knows this machine'),
    };
  if (!machine) return { plan: 'refuse', reason: 'nobody has registered this machine' };
  if (!revision) return { plan: 'refuse', reason: 'the machine has no profile' };
  const reason = `the machine's own pointer is at revision ${revision.id} of ${revision.name}`;
  return { plan: 'text', reason, script: machineScript(machine, revision, bootPath, outage) };
}

/** What everybody else gets there. */
async function firstStagePlan(asking: Asking, parts: AdminParts) {
  const asset = await firstStage('x86_64', parts);
  return isRefusal(asset) ? { plan: 'refuse', reason: asset.detail } : planOf(asset, asking, parts);
}

function revisionPlans(machine: Machine, revision: ProfileRevision, asking: Asking, parts: AdminParts) {
  const { kernel, efi, iso, initrds } = revision;
  const named: [string, ResolvedAsset | undefined][] = [
    ['kernel', kernel],
    ['efi', efi],
    ['iso', iso],
    ...initrds.map((initrd, n): [string, ResolvedAsset] => [`initrd/${n}`, initrd]),
  ];
  return named.flatMap(([part, asset]) =>
    asset
      ? [{ path: `/asset/${revision.id}/${part}?machine=${machine.id}`, ...planOf(asset, asking, parts) }]
      : [],
  );
}

function planOf(asset: ResolvedAsset, asking: Asking, { storage, urlTtlSeconds }: AdminParts) {
  const plan = decideAsset({
    method: 'GET',
    asset,
    permanence: 'immutable',
    ...asking,
    storage,
    urlTtlSeconds,
  });
  return {
    asset: `${asset.kind} ${asset.name}@${asset.version} ${asset.arch}`,
    plan: plan.kind,
    reason: plan.reason,
  };
}
