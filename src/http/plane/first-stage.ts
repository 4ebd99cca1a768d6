import { type Arch, type ResolvedAsset, resolved } from '../../boot/asset.ts';
import { type Refusal, refuse } from '../../boot/problem.ts';
import type { Records } from '../../records/records.ts';

/** The newest ready efi asset of the first stage's name. */
export async function firstStage(
  arch: Arch,
  { records, firstStage: name }: { records: Records; firstStage: string },
): Promise<ResolvedAsset | Refusal> {
  const newest = await records.newestAsset({ kind: 'efi', name, arch });
  return (
    (newest && resolved(newest)) ??
    refuse(
      'unknown-asset',
      `There is no first stage for ${arch}. Push one: bootbroker asset push snponly.efi --kind efi --name ${name} --version 1 --arch ${arch}`,
    )
  );
}
