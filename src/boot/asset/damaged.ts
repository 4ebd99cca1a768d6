import { type Refusal, refuse } from '../problem.ts';
import type { Asked } from '../way.ts';
import type { ResolvedAsset } from './asset.ts';
import { assetTitle, nameAtVersion } from './asset-name.ts';

/** No machine is given bytes that are known to be others than were verified. */
export async function damagedOf(
  { world }: Asked,
  assets: readonly ResolvedAsset[],
): Promise<Refusal | undefined> {
  const known = await world.damaged();
  for (const asset of assets) {
    const found = known.find(({ id }) => id === asset.asset_id);
    if (found)
      return refuse(
        'asset-damaged',
        `${assetTitle(asset)} is damaged: ${found.damage}. Boot another version; or restore its bytes, and have them read: bootbroker asset scrub ${nameAtVersion(asset)} --kind ${asset.kind}`,
      );
  }
  return undefined;
}
