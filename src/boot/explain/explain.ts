import { archs, assetTitle } from '../asset/asset-name.ts';
import { type Booted, boot, type Refused, sourceReasons } from '../boot.ts';
import type { BootRequest, Wanted } from '../boot-request.ts';
import { type Client, clientOf } from '../client.ts';
import { claimedIdentity } from '../machine/identity.ts';
import { bootsFrom } from '../machine/machine.ts';
import { claimedMake } from '../machine/make.ts';
import { type Network, parseNetwork } from '../network.ts';
import type { AssetPlan } from '../plan.ts';
import { isRefusal, problems, type Refusal } from '../problem.ts';
import { type ProfileRevision, parseArch, partsOf } from '../profile.ts';
import { assetUrl } from '../script.ts';
import { type Source, sourceOf, vouchedSource } from '../source.ts';
import type { Way } from '../way.ts';
import type { ExplainRequest, ExplainSettings, ExplainWorld, Explanation, Planned } from './explanation.ts';

const bootPath = '/boot.ipxe';

/** What would this caller get, and why: the boot plane's own decision about each thing that it may ask for. */
export async function explained(
  request: ExplainRequest,
  settings: ExplainSettings,
  world: ExplainWorld,
): Promise<Explanation> {
  const client = clientOf({ userAgent: request.user_agent, httpVersion: '1.1', host: undefined });
  const source = sourceIn(request, settings);
  const asking = (wanted: Wanted, says: ExplainRequest, more: Partial<BootRequest> = {}) =>
    boot({ ...factsOf(says, client, source), wanted, ...more }, world, settings);
  // URLs of first stages and assets carry none of its claims; an edge may still know whose interface speaks.
  const { edge, hw } = request;
  const silent: ExplainRequest = { ...(edge && { edge }), ...(hw && { hw }) };
  const told = async (decision: Booted | Refused) => plannedBy(decision, world);

  const entry = { kind: 'entry', path: bootPath, arch: 'x86_64' } as const;
  // What it boots is told by its script, whoever asks.
  const script = await asking(entry, request, { client: { ...client, runsScripts: true } });
  const atBootUrl = client.runsScripts ? script : await asking(entry, request);
  const { way } = script;
  const bootUrl = await told(atBootUrl);
  const itsScript = await told(script);
  const { revision } = way;
  const part = async (name: string, { id }: ProfileRevision) => {
    const scripted = way.machine && { scripted: way.machine.id };
    const decision = await asking({ kind: 'revision', revision: id, part: name }, silent, scripted);
    return { path: assetUrl(id, name, { id: way.machine?.id }), ...(await told(decision)) };
  };
  const assets = await Promise.all(revision ? partsOf(revision).map((name) => part(name, revision)) : []);
  const firstStages = archs.map(async (arch) => {
    const path = `/boot/${arch}/boot.efi`;
    const decision = await asking(
      { kind: 'entry', path, arch },
      { ...silent, arch },
      { client: firstOf(client) },
    );
    return { arch, path, ...(await told(decision)) };
  });
  // That a stranger's script would be refused is no news; a machine's own is what people ask about.
  const refused = [bootUrl, ...(way.machine ? [itsScript] : [])].find(({ plan }) => plan === 'refuse');
  const main = refused ?? assets[0] ?? bootUrl;
  const { publicUrl } = settings;
  return {
    identity: way.identity ?? {},
    ...(source && { source: sourceTold(source, settings, way) }),
    machine: way.machine ?? null,
    assigned: assignedBy(way),
    rules: (way.assigned?.considered ?? []).map(({ rule: { priority, name }, outcome, reason }) => ({
      priority,
      name,
      outcome,
      reason,
    })),
    revision: revision ?? null,
    client: way.client,
    steps: script.way.steps,
    status: main.status,
    plan: main.plan,
    reason: main.reason,
    boot_url: { path: bootPath, ...(publicUrl && { url: `${publicUrl}${bootPath}` }), ...bootUrl },
    ...(client.runsScripts ? {} : { script: itsScript }),
    first_stages: await Promise.all(firstStages),
    assets,
  };
}

/** iPXE gets a script wherever others get a first stage; who gets it first is the firmware that starts iPXE. */
function firstOf(client: Client): Client {
  return client.runsScripts
    ? clientOf({ userAgent: 'UefiHttpBoot/1.0', httpVersion: '1.1', host: undefined })
    : client;
}

function factsOf(
  request: ExplainRequest,
  client: Client,
  source: Source | Refusal | undefined,
): Omit<BootRequest, 'wanted'> {
  const { mac, uuid, serial, manufacturer, product, arch, edge, hw } = request;
  const parsed = parseArch(arch);
  const claims: Readonly<Record<string, string | undefined>> = { mac, uuid, serial, manufacturer, product };
  const query = (name: string) => claims[name];
  return {
    method: 'GET',
    client,
    identity: claimedIdentity(query),
    make: claimedMake(query),
    ...(source && { source }),
    ...(parsed && { arch: parsed }),
    ...(arch && { claimedArch: arch }),
    ...((edge || hw) && { edge: { capabilities: edge ?? [], ...(hw && { hw }) } }),
  };
}

function sourceIn(
  { source, forwarded_for, edge = [], hw }: ExplainRequest,
  { allowedNetworks, trustedProxies, edgeOnly }: ExplainSettings,
): Source | Refusal | undefined {
  if (source === undefined) return undefined;
  const networks = (texts: readonly string[]): Network[] => texts.flatMap((text) => parseNetwork(text) ?? []);
  const allowed = networks(allowedNetworks);
  return edgeOnly
    ? vouchedSource(
        { ok: true, kid: '', address: source, capabilities: edge, ...(hw && { hw }) },
        { allowed },
      )
    : sourceOf(source, forwarded_for, { allowed, trustedProxies: networks(trustedProxies) });
}

function sourceTold(
  source: Source | Refusal,
  { edgeOnly }: ExplainSettings,
  { machine }: Way,
): NonNullable<Explanation['source']> {
  if (isRefusal(source)) return { admitted: false, reason: source.detail };
  const { address, via } = source;
  const reasons = {
    ...sourceReasons,
    edge: 'an edge has to vouch for it in a valid X-Boot-Edge, whoever connects',
  };
  return {
    address,
    via: edgeOnly ? 'edge' : via,
    admitted: true,
    reason: reasons[via],
    ...(machine && { machine_boots_from_here: bootsFrom(machine, address) }),
  };
}

function assignedBy({ assigned, machine, unknown }: Way): Explanation['assigned'] {
  if (assigned) {
    const { by, rule, reason } = assigned;
    return { by, ...(rule && { rule: rule.name }), reason };
  }
  if (machine) return { by: 'nothing', reason: 'it may not boot from there' };
  return {
    by: 'nothing',
    reason: unknown ? 'nobody has registered this machine' : 'nothing is said of who is asking',
  };
}

async function plannedBy(decision: Booted | Refused, world: ExplainWorld): Promise<Planned> {
  if (decision.kind === 'refuse') {
    const { problem, detail } = decision;
    return { status: problems[problem].status, plan: 'refuse', reason: detail, problem };
  }
  const { plan, way } = decision;
  if (!plan) throw new Error('a report is not explained');
  if (plan.kind === 'text' || plan.kind === 'disk')
    return { status: 200, plan: plan.kind, reason: plan.reason, script: plan.body };
  return { ...(way.asset && { asset: assetTitle(way.asset) }), ...(await followed(plan, world)) };
}

/** As it is delivered: a redirect whose URL is too long for its client becomes another plan. */
async function followed(plan: AssetPlan, world: ExplainWorld): Promise<Planned> {
  const { ttlSeconds } = plan;
  const redirect = plan.kind === 'redirect';
  const limit = redirect && plan.maxLength !== undefined ? { maxLength: plan.maxLength } : {};
  const url = await world.signedUrl(plan.delivery.blob, {
    ttlSeconds,
    ...(redirect && { scheme: plan.scheme, ...limit }),
  });
  if (url === undefined && redirect) return followed(plan.otherwise, world);
  return {
    status: redirect ? 302 : 200,
    plan: plan.kind,
    reason: plan.reason,
    ...(url !== undefined && { signed_url: url }),
  };
}
