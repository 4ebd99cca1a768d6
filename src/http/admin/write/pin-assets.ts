import type { Asset } from '../../../boot/asset/asset.ts';
import { insisted } from '../../../boot/asset/asset-step.ts';
import type { Change } from '../../../records/records.ts';

/**
 * Insists that these assets are still as they were read when all the rest is written. Whatever makes a revision that names
 * assets must: an asset that was retired meanwhile, and so may be deleted, would be in no list of what is in use.
 */
export function insistOn(
  assets: readonly Asset[],
  becomes: (asset: Asset) => Asset = (asset) => asset,
): readonly Change[] {
  const each = new Map(assets.map((asset) => [asset.id, asset]));
  return [...each.values()].map((asset) => ({ ...insisted(asset), to: becomes(asset) }));
}
