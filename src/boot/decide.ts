import type { Permanence, ResolvedAsset } from './asset/asset.ts';
import { deliveryOf } from './asset/asset.ts';
import type { Client, ClientOverride } from './client.ts';
import type { AssetPlan, Ground, HandoffPlan, StreamPlan } from './plan.ts';

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
  /** What the edge in front can do, if there is one. */
  readonly edge: readonly string[];
  /** Life of a redirect's URL. */
  readonly urlTtlSeconds: number;
}

/** The broker signs, sends and forgets its own URL within the second; the rest is for a storage whose clock is off. */
const streamTtlSeconds = 60;

/** What an honest client takes at least, in bytes a second: at 1 Mbit/s it has waited for hours. */
const slowestTransfer = 125_000;
const shortestHandoffSeconds = 3_600;
/** What signBlob signed holds for 12 h (IAM Credentials), of which renewing URLs ahead of time takes up to 15 minutes. */
const longestHandoffSeconds = 12 * 3_600 - 20 * 60;

/** As long as the slowest honest transfer of so many bytes takes: an edge fetches all of it by the first URL. */
function handoffSeconds(size: number): number {
  const transfer = Math.ceil(size / slowestTransfer);
  return Math.min(Math.max(transfer, shortestHandoffSeconds), longestHandoffSeconds);
}

/** Who follows the URL: the rules in the order in which they apply, each with its reason. */
export function decideAsset(facts: AssetFacts): AssetPlan {
  const { client, storage, asset, edge } = facts;
  const delivery = deliveryOf(asset, facts.permanence);
  const stream = (ground: Ground, reason: string): StreamPlan => ({
    kind: 'stream',
    delivery,
    ttlSeconds: streamTtlSeconds,
    ground,
    reason,
  });

  const says = (field: keyof ClientOverride) =>
    client.overridden?.includes(field) ? `${client.id}, as this machine's override has it,` : client.id;

  const handoff = (ground: Ground, reason: string): HandoffPlan => ({
    kind: 'handoff',
    delivery,
    ttlSeconds: handoffSeconds(asset.size),
    ground,
    reason,
  });
  const edgeFollows = edge.includes('follow');
  const forTheClient = edgeFollows ? handoff : stream;

  // No signature, no storage, and the same headers as the handoff's: all of them are on record.
  if (facts.method === 'HEAD') return stream('head', 'HEAD is never redirected: the broker knows the answer');
  if (edgeFollows && edge.includes('cache')) return handoff('edge-caches', 'the edge keeps what it fetched');
  if (!client.followsRedirects)
    return forTheClient('no-redirects', `${says('follows_redirects')} does not follow redirects`);
  if (asset.kind === 'iso' && client.id.startsWith('ipxe'))
    return forTheClient(
      'iso-in-ranges',
      'iPXE reads an iso in ranges and re-opens a redirect without its Range',
    );
  if (client.reencodesQuery && !storage.takesReencodedQuery)
    return forTheClient(
      'reencodes-query',
      `${says('reencodes_query')} re-encodes the query, which this storage is not known to take`,
    );
  if (storage.scheme === 'https' && !client.https)
    return forTheClient(
      'no-https',
      `${says('https')} cannot be expected to fetch by https, which this storage asks for`,
    );
  const { maxRedirectLength } = client;
  return {
    kind: 'redirect',
    delivery,
    ttlSeconds: facts.urlTtlSeconds,
    scheme: storage.scheme === 'either' ? (client.https ? 'https' : 'http') : storage.scheme,
    ...(maxRedirectLength !== undefined && { maxLength: maxRedirectLength }),
    otherwise: forTheClient(
      'url-too-long',
      `no signed URL is as short as ${says('max_redirect_length')} needs it`,
    ),
    ground: 'follows-redirects',
    reason: `${says('follows_redirects')} follows redirects`,
  };
}
