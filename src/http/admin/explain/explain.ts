import type { z } from 'zod';
import { archs, type ResolvedAsset } from '../../../boot/asset.ts';
import { assignmentFrom, explained } from '../../../boot/explain.ts';
import type { ExplainFacts, ExplainRequest, Explanation } from '../../../boot/explanation.ts';
import { isAnonymous } from '../../../boot/identity.ts';
import type { Machine } from '../../../boot/machine.ts';
import { masked } from '../../../boot/masked.ts';
import { canonicalAddress } from '../../../boot/network.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { StoreDown } from '../../../boot/store-down.ts';
import { firstStage } from '../../plane/first-stage.ts';
import type { explainQuery } from '../inputs.ts';
import type { AdminParts } from '../parts.ts';

/** What would this caller get, and why; with `facts` also all that it goes by, to explain it once more without a broker. */
export async function explain(
  { facts: recorded, ...request }: z.output<typeof explainQuery>,
  parts: AdminParts,
): Promise<(Explanation & { readonly facts?: ExplainFacts }) | Refusal> {
  if (request.source !== undefined && !canonicalAddress(request.source))
    return refuse('bad-input', 'query.source: must be an IP address');
  const facts = await factsOf(request, parts);
  return { ...(await explained(facts)), ...(recorded && { facts }) };
}

async function factsOf(request: ExplainRequest, parts: AdminParts): Promise<ExplainFacts> {
  const { records } = parts;
  const machine = isAnonymous(request) ? undefined : await records.findMachine(request);
  const rules = machine && !machine.active ? await records.rulebook() : [];
  const revision = await revisionFor(request, machine, rules, parts);
  const [x86_64, arm64] = await Promise.all(archs.map((arch) => firstStage(arch, parts)));
  const stage = (found: ResolvedAsset | Refusal | undefined) =>
    !found || isRefusal(found) ? (found?.detail ?? '') : found;
  const stages = { x86_64: stage(x86_64), arm64: stage(arm64) };
  const assets = [stages.x86_64, stages.arm64, revision?.kernel, revision?.efi, revision?.iso];
  return {
    version: 1,
    at: parts.clock().toISOString(),
    request,
    settings: {
      allowed_networks: parts.allowedNetworks.map(({ cidr }) => cidr),
      trusted_proxies: parts.trustedProxies.map(({ cidr }) => cidr),
      edge_only: parts.edge !== undefined,
      outage: parts.outage,
      unknown_machine: parts.unknownMachine,
      url_ttl_seconds: parts.urlTtlSeconds,
      storage: parts.storage,
    },
    machine: machine ?? null,
    rules,
    revision: revision ?? null,
    first_stages: stages,
    signed_urls: await signedUrls(
      [...assets, ...(revision?.initrds ?? [])].filter((asset) => typeof asset === 'object'),
      parts,
    ),
  };
}

async function revisionFor(
  request: ExplainRequest,
  machine: Machine | undefined,
  rules: ExplainFacts['rules'],
  { records, unknownMachine }: AdminParts,
): Promise<ProfileRevision | undefined> {
  if (!machine)
    return typeof unknownMachine === 'object' && !isAnonymous(request)
      ? records.newestProfile(unknownMachine.profile)
      : undefined;
  const assigned = assignmentFrom({ machine, rules, request })?.revision;
  return assigned === undefined ? undefined : records.profile(assigned);
}

/** What the URLs would be, for somebody who may not have them: the signature is masked. */
async function signedUrls(
  assets: readonly ResolvedAsset[],
  { blobs, urlTtlSeconds: ttlSeconds, storageOrigin }: AdminParts,
): Promise<Record<string, string>> {
  const origin = storageOrigin(undefined);
  const sign = async ({ bucket, object, generation }: ResolvedAsset) => {
    const url = await blobs
      .signedUrl({ bucket, object, generation }, { ttlSeconds, ...(origin && { origin }) })
      .catch((error: unknown) => {
        if (!(error instanceof StoreDown)) throw error;
        return 'none: the signer does not answer';
      });
    return [object, String(masked(url ?? 'none'))] as const;
  };
  return Object.fromEntries(await Promise.all(assets.map(sign)));
}
