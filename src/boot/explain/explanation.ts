import type { Arch } from '../asset/asset-name.ts';
import type { BootPolicy } from '../boot-request.ts';
import type { Client } from '../client.ts';
import type { Identity } from '../machine/identity.ts';
import type { Machine } from '../machine/machine.ts';
import type { Make } from '../machine/make.ts';
import type { BlobRef, Plan } from '../plan.ts';
import type { Problem } from '../problem.ts';
import type { ProfileRevision } from '../profile.ts';
import type { Considered } from '../rule/contest.ts';
import type { Assigned, Step } from '../way.ts';
import type { Answer, World } from '../world.ts';

/** What a caller would say; what it leaves out is not known. */
export interface ExplainRequest extends Identity, Make {
  readonly user_agent?: string;
  /** In its own words. */
  readonly arch?: string;
  /** The other end of its connection, and the X-Forwarded-For that comes with it. */
  readonly source?: string;
  readonly forwarded_for?: string;
  /** What an edge in between would say that it can, and whose interface it would say speaks. */
  readonly edge?: readonly string[];
  readonly hw?: string;
}

/** What an explanation goes by besides the records. */
export interface ExplainSettings extends BootPolicy {
  readonly allowedNetworks: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Only what an edge vouches for is believed. */
  readonly edgeOnly: boolean;
}

/** The world, and one question more. */
export interface ExplainWorld extends World {
  /** What would be followed, its signature masked; undefined: no signed URL is as short as that. */
  signedUrl(blob: BlobRef, how: SignedHow): Answer<string | undefined>;
}

export interface SignedHow {
  readonly ttlSeconds: number;
  readonly scheme?: 'http' | 'https';
  readonly maxLength?: number;
}

/** What becomes of one request. */
export interface Planned {
  /** The status of the answer to a GET without conditions. */
  readonly status: number;
  readonly plan: Plan['kind'] | 'refuse';
  readonly reason: string;
  /** Why it is refused. */
  readonly problem?: Problem;
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
    readonly by: Assigned['by'];
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
  /** What the broker asks itself about the boot URL, in this order, and what it came to. */
  readonly steps: readonly Step[];
  /** What it starts, if anything: that is what people ask about. */
  readonly status: number;
  readonly plan: Planned['plan'];
  readonly reason: string;
  readonly boot_url: Planned & { readonly path: string; readonly url?: string };
  /** What the first stage is given once it runs and asks for its script; absent where the caller runs scripts itself. */
  readonly script?: Planned;
  /** What everybody but iPXE gets first, for each architecture. */
  readonly first_stages: readonly (Planned & { readonly arch: Arch; readonly path: string })[];
  readonly assets: readonly (Planned & { readonly path: string })[];
}
