import type { Arch, ResolvedAsset } from './asset.ts';
import type { Assignment } from './assignment.ts';
import type { Client } from './client.ts';
import type { Considered } from './contest.ts';
import type { StorageTraits } from './decide.ts';
import type { Identity, Machine } from './machine.ts';
import type { ProfileRevision } from './profile.ts';
import type { RuleInForce } from './rule.ts';
import type { OutagePolicy } from './script.ts';
import type { UnknownPolicy } from './unknown-machine.ts';

/** What a caller would say; what it leaves out is not known. */
export interface ExplainRequest extends Identity {
  readonly user_agent?: string;
  readonly arch?: Arch;
  /** The other end of its connection, and the X-Forwarded-For that comes with it. */
  readonly source?: string;
  readonly forwarded_for?: string;
  /** What an edge in between would say that it can. */
  readonly edge?: readonly string[];
}

/** All that a decision goes by, as JSON: who has it can decide again, without a broker. */
export interface ExplainFacts {
  /** Of this form. */
  readonly version: 1;
  /** When it was so, RFC 3339. */
  readonly at: string;
  readonly request: ExplainRequest;
  readonly settings: {
    readonly allowed_networks: readonly string[];
    readonly trusted_proxies: readonly string[];
    /** Only what an edge vouches for is believed. */
    readonly edge_only: boolean;
    readonly outage: OutagePolicy;
    readonly unknown_machine: UnknownPolicy;
    readonly url_ttl_seconds: number;
    readonly storage: StorageTraits;
  };
  readonly machine: Machine | null;
  readonly rules: readonly RuleInForce[];
  /** What it is assigned. */
  readonly revision: ProfileRevision | null;
  /** The first stage, or why there is none. */
  readonly first_stages: Readonly<Record<Arch, ResolvedAsset | string>>;
  /** By object: what a signed URL of it would be, its signature masked. */
  readonly signed_urls: Readonly<Record<string, string>>;
}

/** What becomes of one request. */
export interface Planned {
  readonly plan: 'text' | 'redirect' | 'handoff' | 'stream' | 'refuse';
  readonly reason: string;
  readonly script?: string;
  readonly asset?: string;
  /** What the client, the edge or the broker would follow. */
  readonly signed_url?: string;
}

export interface Explanation {
  readonly identity: Identity;
  readonly source?: {
    readonly address?: string;
    readonly via?: 'peer' | 'forwarded' | 'edge';
    readonly admitted: boolean;
    readonly reason: string;
    readonly machine_boots_from_here?: boolean;
  };
  readonly machine: Machine | null;
  /** Who says what it boots. */
  readonly assigned: {
    readonly by: Assignment['by'] | 'unknown-policy';
    readonly rule?: string;
    readonly reason: string;
  };
  /** Every rule, highest priority first, and what became of it. */
  readonly rules: readonly {
    readonly priority: number;
    readonly name: string;
    readonly outcome: Considered['outcome'];
    readonly reason: string;
  }[];
  readonly revision: ProfileRevision | null;
  readonly client: Client;
  /** Of what it starts, if anything: that is what people ask about. */
  readonly plan: Planned['plan'];
  readonly reason: string;
  readonly boot_url: Planned & { readonly path: string };
  /** What everybody but iPXE gets first, for each architecture. */
  readonly first_stages: readonly (Planned & { readonly arch: Arch; readonly path: string })[];
  readonly assets: readonly (Planned & { readonly path: string })[];
}
