import type { Permanence, ResolvedAsset } from './asset.ts';
import { deliveryOf } from './asset.ts';
import type { Client } from './client.ts';
import type { Plan, StreamPlan } from './plan.ts';

/** What the storage that clients are sent to can do. */
export interface StorageTraits {
  /** `either`: each client gets what suits it. */
  readonly scheme: 'http' | 'https' | 'either';
  /** A signed URL still opens when its query was decoded and re-encoded on the way. */
  readonly takesReencodedQuery: boolean;
}

/** All that decides who follows the signed URL of one asset. */
export interface AssetFacts {
  readonly method: string;
  readonly asset: ResolvedAsset;
  readonly permanence: Permanence;
  readonly client: Client;
  readonly storage: StorageTraits;
  /** Life of a redirect's URL. */
  readonly urlTtlSeconds: number;
}

/** The broker signs, sends and forgets its own URL within the second; the rest is for a storage whose clock is off. */
const streamTtlSeconds = 60;

/** Who follows the URL: the rules in the order in which they apply, each with its reason. */
export function decideAsset(facts: AssetFacts): Plan {
  const { client, storage, asset } = facts;
  const delivery = deliveryOf(asset, facts.permanence);
  const stream = (reason: string): StreamPlan => ({
    kind: 'stream',
    delivery,
    ttlSeconds: streamTtlSeconds,
    reason,
  });

  if (facts.method === 'HEAD') return stream('HEAD is never redirected: the broker knows the answer');
  if (!client.followsRedirects) return stream(`${client.id} does not follow redirects`);
  if (asset.kind === 'iso' && client.id.startsWith('ipxe'))
    return stream('iPXE reads an iso in ranges and re-opens a redirect without its Range');
  if (client.reencodesQuery && !storage.takesReencodedQuery)
    return stream(`${client.id} re-encodes the query, which this storage is not known to take`);
  if (storage.scheme === 'https' && !client.https)
    return stream(`${client.id} cannot be expected to fetch by https, which this storage asks for`);
  const { maxRedirectLength } = client;
  return {
    kind: 'redirect',
    delivery,
    ttlSeconds: facts.urlTtlSeconds,
    scheme: storage.scheme === 'either' ? (client.https ? 'https' : 'http') : storage.scheme,
    ...(maxRedirectLength !== undefined && { maxLength: maxRedirectLength }),
    otherwise: stream(`no signed URL is as short as ${client.id} needs it`),
    reason: `${client.id} follows redirects`,
  };
}
