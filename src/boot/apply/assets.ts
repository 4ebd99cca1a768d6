import type { Asset } from '../asset/asset.ts';
import type { AssetName } from '../asset/asset-name.ts';
import { assetTitle } from '../asset/asset-name.ts';
import { type DesiredAsset, type Fault, fault } from './desired.ts';

/** Which of the desired assets still have to come, and which cannot be. */
export function desiredAssets(
  desired: readonly DesiredAsset[],
  present: (name: AssetName) => Asset | undefined,
): { readonly missing: readonly DesiredAsset[]; readonly faults: readonly Fault[] } {
  const missing: DesiredAsset[] = [];
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, one] of desired.entries()) {
    const title = assetTitle(one);
    if (seen.has(title)) faults.push(fault(['assets', index], `${title} stands here twice`));
    seen.add(title);
    const asset = present(one);
    const field = asset?.state === 'ready' || asset?.state === 'retired' ? difference(one, asset) : undefined;
    if (asset?.state === 'retired')
      faults.push(fault(['assets', index], `${title} is retired; take a new version`));
    else if (field)
      faults.push(
        fault(
          ['assets', index, field],
          `${title} is there with other bytes; an asset never changes, take a new version`,
        ),
      );
    else if (asset?.state !== 'ready') missing.push(one);
  }
  return { missing, faults };
}

function difference(desired: DesiredAsset, asset: Asset): 'sha256' | 'crc32c' | 'size' | 'type' | undefined {
  return (['sha256', 'crc32c', 'size', 'type'] as const).find(
    (field) => desired[field] !== undefined && asset[field] !== undefined && desired[field] !== asset[field],
  );
}
