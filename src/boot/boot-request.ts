import type { Arch } from './asset/asset-name.ts';
import type { WantedImage } from './asset/image-asset.ts';
import type { Client } from './client.ts';
import type { StorageTraits } from './decide.ts';
import type { BootRecord } from './history/boot-record.ts';
import type { Identity } from './machine/identity.ts';
import type { Make } from './machine/make.ts';
import type { UnknownPolicy } from './machine/unknown-machine.ts';
import type { Refusal } from './problem.ts';
import type { OutagePolicy } from './script.ts';
import type { Source } from './source.ts';

/** What a request asks for. */
export type Wanted =
  /** The one boot URL: a script for whoever runs one, else the first stage of the path's architecture. */
  | { readonly kind: 'entry'; readonly path: string; readonly arch: Arch }
  /** What lies beside a first stage, by its filename: the rest of a Secure Boot chain. */
  | { readonly kind: 'sibling'; readonly filename: string; readonly arch: Arch }
  /** The script beside a first stage, which iPXE runs before it has an address. */
  | { readonly kind: 'autoexec' }
  /** A part of what the machine boots now, such as `kernel` or `initrd/1`. */
  | { readonly kind: 'current'; readonly part: string }
  /** A part of one revision, for good. */
  | { readonly kind: 'revision'; readonly revision: string; readonly part: string }
  /** A part of an image. */
  | { readonly kind: 'image'; readonly part: WantedImage }
  /** A machine says how far it got: nothing is delivered. */
  | { readonly kind: 'report' };

/** What says which boot a script begins, or is asked for again in. */
export interface Beginning {
  /** A new id. UUIDv7. */
  fresh(): string;
  now(): Date;
  /** The machine's boot that began last. Never rejects: no boot waits for its history, or fails with it. */
  last(machineId: string): Promise<BootRecord | undefined>;
}

/** A request as far as it decides anything. */
export interface BootRequest {
  readonly method: string;
  readonly wanted: Wanted;
  /** Who is calling, or why nobody may from there. Absent: nobody says, and what depends on it is taken to be in order. */
  readonly source?: Source | Refusal;
  /** What the edge in front says besides: whose interface speaks, and what it can do. */
  readonly edge?: Pick<NonNullable<Source['edge']>, 'hw' | 'capabilities'>;
  /** The row of the client table. */
  readonly client: Client;
  /** Who it says it is, or why that is nobody. */
  readonly identity: Identity | Refusal;
  /** The id of a machine, as a script wrote it into a URL. */
  readonly scripted?: string;
  /** The id of the boot that it belongs to, as a script wrote it into a URL. UUIDv7 in lower case; a claim. */
  readonly boot?: string;
  /** Only what is delivered begins a boot: without this, URLs in scripts name none. */
  readonly beginning?: Beginning;
  /** The broker's own script made it ask, which would ask again: it is not the last thing that its firmware tries. */
  readonly chained?: true;
  /** The architecture that it says it has, by which rules go. */
  readonly arch?: Arch;
  /** What it says of its architecture, in its own words; absent: nothing. */
  readonly claimedArch?: string;
  /** The address at which this request reached the broker, as a URL's origin. */
  readonly origin?: string;
  /** Nobody asks: what only a request can say may be made up. */
  readonly example?: true;
  /** Who made it, as it says. */
  readonly make?: Make;
}

/** What an administrator has set. */
export interface BootPolicy {
  readonly outage: OutagePolicy;
  readonly unknownMachine: UnknownPolicy;
  /** Name of the efi asset that firmware gets first. */
  readonly firstStage: string;
  /** Life of a signed URL that a client follows. */
  readonly urlTtlSeconds: number;
  readonly storage: StorageTraits;
  /** Where machines reach the broker, as a URL's origin; unset: where they reached it this time. */
  readonly publicUrl?: string | undefined;
}
