import type { Arch, ResolvedAsset } from './asset.ts';
import { archs } from './asset.ts';
import { type Assignment, assignmentOf } from './assignment.ts';
import { type Client, clientOf, overridden, runsScripts } from './client.ts';
import { decideAsset } from './decide.ts';
import type { ExplainFacts, ExplainRequest, Explanation, Planned } from './explanation.ts';
import { bootsFrom, type Identity, isAnonymous } from './machine.ts';
import { canonicalAddress, type Network, parseNetwork } from './network.ts';
import { isRefusal } from './problem.ts';
import type { ProfileRevision } from './profile.ts';
import { assetUrl, bootstrapScript, diskScript, machineScript } from './script.ts';
import { sourceOf } from './source.ts';
import { renderedFor } from './template.ts';
import { unknownSubject } from './unknown-machine.ts';

/** Which revision these facts assign; it is for whoever gathers them to look it up. */
export function assignmentFrom({
  machine,
  rules,
  request,
}: Pick<ExplainFacts, 'machine' | 'rules' | 'request'>) {
  if (!machine) return undefined;
  const { source } = addressOf(request);
  return assignmentOf(machine, rules, { arch: request.arch ?? 'x86_64', ...(source && { source }) });
}

/** What would this caller get, and why: the boot plane's own functions, by facts alone. */
export async function explained(facts: ExplainFacts): Promise<Explanation> {
  const { request, machine } = facts;
  const { user_agent: userAgent, mac, uuid, serial } = request;
  const caller = { userAgent, httpVersion: '1.1', host: undefined };
  const identity = { ...(mac && { mac }), ...(uuid && { uuid }), ...(serial && { serial }) };
  const client = overridden(clientOf(caller), machine?.client);
  const assignment = assignmentFrom(facts);
  const source = sourceExplained(facts);
  const revision = facts.revision;
  const stageOf = (arch: Arch) => firstStagePlan(facts.first_stages[arch], clientOf(caller), facts);
  const stages = archs.map((arch) => ({
    arch,
    path: `/boot/${arch}/boot.efi`,
    ...stageOf(arch),
  }));
  const bootUrl = runsScripts(caller)
    ? await scriptPlan(identity, facts, assignment)
    : stageOf(request.arch ?? 'x86_64');
  const assets = revision ? revisionPlans(revision, client, facts) : [];
  const { plan, reason } = assets[0] ?? bootUrl;
  return {
    identity,
    ...(source && { source }),
    machine,
    assigned: assignedBy(facts, assignment),
    rules: (assignment?.considered ?? []).map(({ rule: { priority, name }, outcome, reason: why }) => ({
      priority,
      name,
      outcome,
      reason: why,
    })),
    revision,
    client,
    plan,
    reason,
    boot_url: { path: bootPath, ...bootUrl },
    first_stages: stages,
    assets,
  };
}

const bootPath = '/boot.ipxe';

function addressOf({ source }: ExplainRequest): { readonly source?: string } {
  const address = canonicalAddress(source ?? '');
  return address ? { source: address } : {};
}

function sourceExplained({ request, settings, machine }: ExplainFacts): Explanation['source'] {
  if (request.source === undefined) return undefined;
  const networks = (texts: readonly string[]): Network[] => texts.flatMap((text) => parseNetwork(text) ?? []);
  const decided = sourceOf(request.source, request.forwarded_for, {
    allowed: networks(settings.allowed_networks),
    trustedProxies: settings.edge_only ? [] : networks(settings.trusted_proxies),
  });
  if (isRefusal(decided)) return { admitted: false, reason: decided.detail };
  const { address } = decided;
  const via = settings.edge_only ? 'edge' : decided.via;
  const reasons = {
    peer: "it is the socket's other end",
    forwarded: 'a trusted proxy names it in X-Forwarded-For',
    edge: 'an edge has to vouch for it in a valid X-Boot-Edge, whoever connects',
  };
  return {
    address,
    via,
    admitted: true,
    reason: reasons[via],
    ...(machine && { machine_boots_from_here: bootsFrom(machine, address) }),
  };
}

function assignedBy(
  { settings, request }: ExplainFacts,
  assignment: Assignment | undefined,
): Explanation['assigned'] {
  if (assignment) {
    const { by, rule, reason } = assignment;
    return { by, ...(rule && { rule: rule.name }), reason };
  }
  if (isAnonymous(request)) return { by: 'nothing', reason: 'nothing is said of who is asking' };
  const policy = settings.unknown_machine;
  if (typeof policy === 'object')
    return {
      by: 'unknown-policy',
      reason: `nobody has registered this machine, and BROKER_UNKNOWN_MACHINE is profile:${policy.profile}`,
    };
  return { by: 'nothing', reason: 'nobody has registered this machine' };
}

/** What iPXE gets at the boot URL. */
async function scriptPlan(
  identity: Identity,
  { machine, revision, settings }: ExplainFacts,
  assignment: Assignment | undefined,
): Promise<Planned> {
  const { outage, unknown_machine: policy } = settings;
  if (!machine && isAnonymous(identity)) {
    const reason = 'nothing is said of who is asking: the script makes iPXE say it';
    return { plan: 'text', reason, script: bootstrapScript(bootPath, outage) };
  }
  if (!machine && policy === 'exit')
    return {
      plan: 'text',
      reason: 'nobody knows this machine, and BROKER_UNKNOWN_MACHINE is exit',
      script: diskScript('nobody knows this machine'),
    };
  if (!machine && policy === 'refuse')
    return { plan: 'refuse', reason: 'nobody has registered this machine' };
  if (!revision)
    return {
      plan: 'refuse',
      reason: machine ? 'the machine has no profile' : 'that profile has no revision',
    };
  const subject = machine ?? unknownSubject(identity);
  const rendered = await renderedFor(subject, revision);
  if (isRefusal(rendered)) return { plan: 'refuse', reason: rendered.detail };
  const script = machineScript(subject, rendered, bootPath, outage);
  const pointer = `revision ${revision.id} of ${revision.name}`;
  const reason =
    assignment?.by === 'machine'
      ? `the machine's own pointer is at ${pointer}`
      : `${assignment?.reason ?? 'BROKER_UNKNOWN_MACHINE names it'}: ${pointer}`;
  return { plan: 'text', reason, script };
}

/** What everybody else gets there. */
function firstStagePlan(stage: ResolvedAsset | string, client: Client, facts: ExplainFacts): Planned {
  return typeof stage === 'string' ? { plan: 'refuse', reason: stage } : planOf(stage, client, facts);
}

function revisionPlans(revision: ProfileRevision, client: Client, facts: ExplainFacts) {
  const named: [string, ResolvedAsset | undefined][] = [
    ['kernel', revision.kernel],
    ['efi', revision.efi],
    ['iso', revision.iso],
    ...revision.initrds.map((initrd, n): [string, ResolvedAsset] => [`initrd/${n}`, initrd]),
  ];
  return named.flatMap(([part, asset]) =>
    asset ? [{ path: assetUrl(revision, part, facts.machine?.id), ...planOf(asset, client, facts) }] : [],
  );
}

function planOf(
  asset: ResolvedAsset,
  client: Client,
  { request, settings, signed_urls }: ExplainFacts,
): Planned {
  const plan = decideAsset({
    method: 'GET',
    asset,
    permanence: 'immutable',
    client,
    edge: request.edge ?? [],
    storage: settings.storage,
    urlTtlSeconds: settings.url_ttl_seconds,
  });
  const url = signed_urls[asset.object];
  return {
    asset: `${asset.kind} ${asset.name}@${asset.version} ${asset.arch}`,
    plan: plan.kind,
    reason: plan.reason,
    ...(url && { signed_url: url }),
  };
}
