import { type Asset, mismatch } from './asset.ts';
import { type AssetChange, asRead, type Step, step } from './asset-step.ts';

/** An asset whose bytes are known to be lost or changed. No machine is given it. */
export interface Damaged {
  readonly id: string;
  /** What is wrong with it. */
  readonly damage: string;
}

/** As booting knows it. */
export function damagedIn({ id, damage = '' }: Asset): Damaged {
  return { id, damage };
}

/** What the storage says of an object, without its bytes. */
type Seen = Pick<Asset, 'size' | 'crc32c'> & { readonly generation: string };

/** Whether it has bytes that machines may be given, which can be lost. */
export function hasBytes({ state, generation }: Asset): boolean {
  return (state === 'ready' || state === 'retired') && generation !== undefined;
}

/** How the object that the storage has is not the asset's; undefined: it is. */
export function damageSeen(asset: Asset, seen: Seen | undefined): string | undefined {
  if (!seen) return `the storage has no object ${asset.object} any more`;
  if (seen.generation !== asset.generation)
    return `the object was replaced: its generation is ${seen.generation}, pinned was ${asset.generation}`;
  return mismatch(asset, { size: seen.size, crc32c: seen.crc32c });
}

/** How the bytes that were read are not the asset's. */
export function damageRead(
  asset: Asset,
  read: Pick<Asset, 'size' | 'crc32c' | 'sha256'>,
): string | undefined {
  const { size, crc32c, sha256 } = read;
  return mismatch(asset, { size, crc32c, ...(sha256 && { sha256 }) });
}

/** Its bytes are lost or changed, from now on no machine is given them. Undefined: that is known already. */
export function foundDamaged(asset: Asset, damage: string, now: Date): Step | undefined {
  if (asset.damage === damage) return undefined;
  const at = now.toISOString();
  const damaged_at = asset.damaged_at ?? at;
  const to: Asset = { ...asset, condition: 'damaged', damage, damaged_at, updated_at: at };
  return step('asset.damage', asset, asRead(asset), to);
}

/** All of it was looked at, and is as it should be: one that was damaged is taken back into use. */
export function foundWhole(asset: Asset, now: Date): Step | AssetChange {
  const { condition, damage: _, damaged_at: __, ...rest } = asset;
  const at = now.toISOString();
  const to: Asset = { ...rest, scrubbed_at: at, updated_at: at };
  if (condition) return step('asset.restore', asset, asRead(asset), to);
  return { kind: 'asset', of: asset, expected: asRead(asset), to };
}
