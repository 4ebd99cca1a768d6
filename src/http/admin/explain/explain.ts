import type { z } from 'zod';
import { explained } from '../../../boot/explain/explain.ts';
import type {
  ExplainRequest,
  ExplainSettings,
  ExplainWorld,
  Explanation,
} from '../../../boot/explain/explanation.ts';
import { type Recording, recorded } from '../../../boot/explain/recording.ts';
import { masked } from '../../../boot/masked.ts';
import { canonicalAddress } from '../../../boot/network.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import { assetsOf } from '../../../boot/profile.ts';
import { StoreDown } from '../../../boot/store-down.ts';
import { recordsWorld } from '../../plane/records-world.ts';
import { lookedAt } from '../assets/scrub.ts';
import type { AdminParts } from '../parts.ts';
import type { explainQuery } from '../queries.ts';

/** What would this caller get, and why; with `facts` also all that it goes by, to explain it once more without a broker. */
export async function explain(
  { facts, ...request }: z.output<typeof explainQuery>,
  parts: AdminParts,
): Promise<(Explanation & { readonly facts?: Recording }) | Refusal> {
  if (request.source !== undefined && !canonicalAddress(request.source))
    return refuse('bad-input', 'query.source: must be an IP address');
  const settings = settingsOf(parts);
  await lookedAt(await assetsAskedFor(request, settings, parts), parts);
  const { world, answers } = recorded(worldOf(parts));
  const explanation = await explained(request satisfies ExplainRequest, settings, world);
  const at = parts.clock().toISOString();
  return { ...explanation, ...(facts && { facts: { version: 2, at, request, settings, answers } }) };
}

/** Which assets an explanation is about: whether their bytes are still there is part of it. */
async function assetsAskedFor(
  request: ExplainRequest,
  settings: ExplainSettings,
  parts: AdminParts,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const world = worldOf(parts);
  const noting: ExplainWorld = {
    ...world,
    async asset(which) {
      const asset = await world.asset(which);
      if (asset) ids.add(asset.id);
      return asset;
    },
    async revision(which) {
      const revision = await world.revision(which);
      for (const { asset_id } of revision ? assetsOf(revision) : []) ids.add(asset_id);
      return revision;
    },
  };
  await explained(request, settings, noting);
  return ids;
}

function settingsOf(parts: AdminParts): ExplainSettings {
  const { outage, unknownMachine, firstStage, urlTtlSeconds, storage, publicUrl } = parts;
  return {
    ...{ outage, unknownMachine, firstStage, urlTtlSeconds, storage },
    allowedNetworks: parts.allowedNetworks.map(({ cidr }) => cidr),
    trustedProxies: parts.trustedProxies.map(({ cidr }) => cidr),
    edgeOnly: parts.edge !== undefined,
    ...(publicUrl && { publicUrl }),
  };
}

/** The readers of an explanation may not have the URLs: their signatures are masked. */
function worldOf({ records, blobs, storageOrigin }: AdminParts): ExplainWorld {
  return {
    ...recordsWorld(records),
    async signedUrl(blob, { scheme, ...how }) {
      const origin = storageOrigin(undefined, scheme);
      try {
        const url = await blobs.signedUrl(blob, { ...how, ...(origin && { origin }) });
        return url && String(masked(url));
      } catch (error) {
        if (!(error instanceof StoreDown)) throw error;
        return 'none: the signer does not answer';
      }
    },
  };
}
