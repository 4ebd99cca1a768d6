import { anyContains, canonicalAddress, type Network } from './network.ts';
import { type Refusal, refuse } from './problem.ts';

/** What an edge can do for a client: `follow` a signed URL, and `cache` what it fetched. */
export const edgeCapabilities = ['cache', 'follow'] as const;
export type EdgeCapability = (typeof edgeCapabilities)[number];

/** What an edge vouches for, in one valid X-Boot-Edge. */
export interface Vouched {
  readonly ok: true;
  /** Names its key. */
  readonly kid: string;
  readonly address: string;
  /** MAC of the interface that speaks, in the spelling of `parseMac`. */
  readonly hw?: string;
  readonly capabilities: readonly string[];
}

/** No valid header: `failure` is one of a few words, `message` a sentence. */
export interface Unvouched {
  readonly ok: false;
  readonly failure: string;
  readonly message: string;
}

/** Judges the X-Boot-Edge of a request, by its raw target and raw headers. */
export type EdgeVerifier = (request: {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
}) => Vouched | Unvouched;

/** Which address is calling, and how we know. */
export interface Source {
  readonly kind: 'source';
  readonly address: string;
  /** `peer`: the socket's other end. `forwarded`: a trusted proxy's word for it. `edge`: an edge's. */
  readonly via: 'peer' | 'forwarded' | 'edge';
  /** What the edge said besides. */
  readonly edge?: Pick<Vouched, 'kid' | 'hw' | 'capabilities'>;
}

export interface SourcePolicy {
  readonly allowed: readonly Network[];
  readonly trustedProxies: readonly Network[];
}

/**
 * The client's address: the socket's peer, or, when the peer is a trusted proxy, the first hop of X-Forwarded-For
 * from the right that is not one. A trusted proxy without a usable hop is refused: its own address vouches for nobody.
 */
export function sourceOf(
  peer: string | undefined,
  forwardedFor: string | undefined,
  policy: SourcePolicy,
): Source | Refusal {
  const address = canonicalAddress(peer ?? '');
  if (!address)
    return refuse(
      'source-not-allowed',
      peer
        ? `The peer ${peer} is believed nowhere: IPv4 in IPv6's old form (RFC 4291 2.5.5.1) is nobody's address.`
        : 'The connection has no peer address.',
    );
  const source: Source | Refusal = anyContains(policy.trustedProxies, address)
    ? forwardedSource(address, forwardedFor, policy)
    : { kind: 'source', address, via: 'peer' };
  return source.kind === 'refuse' ? source : admitted(source, policy);
}

/** The client's address where edges vouch for it: nothing else is consulted, the socket's peer least of all. */
export function vouchedSource(
  verdict: Vouched | Unvouched,
  policy: Pick<SourcePolicy, 'allowed'>,
): Source | Refusal {
  if (!verdict.ok) return refuse('not-vouched', `${verdict.message}.`);
  const { ok: _, address, ...edge } = verdict;
  return admitted({ kind: 'source', address, via: 'edge', edge }, policy);
}

function admitted(source: Source, { allowed }: Pick<SourcePolicy, 'allowed'>): Source | Refusal {
  if (anyContains(allowed, source.address)) return source;
  return refuse(
    'source-not-allowed',
    `${source.address} is in none of the networks of BROKER_ALLOWED_NETWORKS. Add its network there if it may boot.`,
  );
}

function forwardedSource(proxy: string, header: string | undefined, policy: SourcePolicy): Source | Refusal {
  const no = (why: string) =>
    refuse('source-not-allowed', `${why}. Make the trusted proxy ${proxy} append the address of its peer.`);
  if (!header?.trim()) return no(`The trusted proxy ${proxy} names no client in X-Forwarded-For`);
  for (const hop of header.split(',').reverse()) {
    const address = addressIn(hop.trim());
    if (!address)
      return no(`In X-Forwarded-For the hop "${printed(hop)}" is no IP address, with or without a port`);
    if (!anyContains(policy.trustedProxies, address)) return { kind: 'source', address, via: 'forwarded' };
  }
  return no(
    `All hops of X-Forwarded-For (${printed(header)}) are trusted proxies themselves, and none is a client`,
  );
}

/** The address of a hop, which some proxies write with its port: `10.1.2.3:51234`, `[2001:db8::1]:443`. */
function addressIn(hop: string): string | undefined {
  const [, inBrackets, before] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(hop) ?? [];
  if (inBrackets !== undefined) return inBrackets.includes(':') ? canonicalAddress(inBrackets) : undefined;
  return canonicalAddress(before ?? hop);
}

function printed(text: string): string {
  return text
    .trim()
    .slice(0, 100)
    .replaceAll(/[^\x20-\x7e]/g, '?');
}
