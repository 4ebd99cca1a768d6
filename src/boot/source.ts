import { anyContains, canonicalAddress, type Network } from './network.ts';
import { type Refusal, refuse } from './problem.ts';

/** Which address is calling, and how we know. */
export interface Source {
  readonly kind: 'source';
  readonly address: string;
  /** `peer`: the socket's other end. `forwarded`: a trusted proxy's word for it. */
  readonly via: 'peer' | 'forwarded';
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
  if (!address) return refuse('source-not-allowed', 'The connection has no peer address.');
  const source: Source | Refusal = anyContains(policy.trustedProxies, address)
    ? forwardedSource(address, forwardedFor, policy)
    : { kind: 'source', address, via: 'peer' };
  if (source.kind === 'refuse' || anyContains(policy.allowed, source.address)) return source;
  return refuse(
    'source-not-allowed',
    `${source.address} is in none of the networks of BROKER_ALLOWED_NETWORKS. Add its network there if it may boot.`,
  );
}

function forwardedSource(proxy: string, header: string | undefined, policy: SourcePolicy): Source | Refusal {
  const hops = (header ?? '').split(',').map((hop) => hop.trim());
  for (const hop of hops.reverse()) {
    const address = canonicalAddress(hop);
    if (!address) break;
    if (!anyContains(policy.trustedProxies, address)) return { kind: 'source', address, via: 'forwarded' };
  }
  return refuse(
    'source-not-allowed',
    `The trusted proxy ${proxy} names no client in X-Forwarded-For. Make it append the address of its peer.`,
  );
}
