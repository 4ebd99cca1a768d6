import type { Asset } from './asset/asset.ts';
import type { AssetName } from './asset/asset-name.ts';
import type { Damaged } from './asset/condition.ts';
import type { ImagePart } from './asset/image.ts';
import type { Identity } from './machine/identity.ts';
import type { Machine } from './machine/machine.ts';
import type { ProfileRevision } from './profile.ts';
import type { RuleInForce } from './rule/rule.ts';

/** At once, or when a store has answered. A store that is down rejects: it never answers "not there". */
export type Answer<Value> = Value | Promise<Value>;

/** Which revision: one, or the last of a profile's name. */
export type WhichRevision = { readonly id: string } | { readonly newest: string };

/** Which asset, where no revision names it: in whatever state; or the newest of those that are ready. */
export type WhichAsset =
  | { readonly id: string }
  | { readonly named: AssetName }
  | { readonly newest: Omit<AssetName, 'version' | 'filename'> }
  | { readonly ofNewestImage: ImagePart }
  /** Where an image has only one of a kind, whatever its filename. */
  | { readonly onlyOf: AssetName };

/**
 * What a decision needs to know, as questions. The records answer them for the boot plane; maps, recordings and changes that are
 * not written yet answer them for tests, replays and dry runs. The same answers give the same decision.
 */
export interface World {
  /** By MAC, else by UUID, else by serial, as `machine/find-machine.ts` has it. */
  machineBy(identity: Identity): Answer<Machine | undefined>;
  machine(id: string): Answer<Machine | undefined>;
  /** All rules in force; their order says nothing. */
  rules(): Answer<readonly RuleInForce[]>;
  revision(which: WhichRevision): Answer<ProfileRevision | undefined>;
  asset(which: WhichAsset): Answer<Asset | undefined>;
  /** All assets whose bytes are known to be lost or changed. */
  damaged(): Answer<readonly Damaged[]>;
}
