import type { World } from '../world.ts';
import { type Asset, deliverable, type Permanence, type ResolvedAsset } from './asset.ts';
import { hasSeveral } from './filename.ts';
import { type ImageName, type ImagePart, imageTitle } from './image.ts';

/** A part of an image, and what to find it by where the image's name does not say it. */
export interface WantedImage extends Omit<ImagePart, 'name'> {
  readonly image: ImageName;
}

/** The asset, and whether its name is good for ever; or what there is none of. */
export type FoundImage =
  | { readonly asset: ResolvedAsset; readonly permanence: Permanence; readonly networks: Asset['networks'] }
  | { readonly missing: string };

/**
 * Finds a part of an image. An exact name means its bytes for good, and those of a retired asset as well; a bare one the newest complete
 * image, so that all parts of it always match.
 */
export async function imageAsset(wanted: WantedImage, world: World): Promise<FoundImage> {
  const { image, kind, filename, arch } = wanted;
  const byId = image.by === 'asset' ? await world.asset({ id: image.asset }) : undefined;
  const exact = image.by === 'id' ? { arch, ...image } : byId;
  const part = { kind, arch, ...(filename !== undefined && { filename }) };
  if (!exact) {
    const name = image.by === 'asset' ? image.asset : image.name;
    const newest = await world.asset({ ofNewestImage: { ...part, name } });
    const asset = newest && deliverable(newest);
    return asset
      ? { asset, permanence: 'alias', networks: newest.networks }
      : { missing: `complete image ${name} for ${arch}` };
  }
  const { name, version } = exact;
  const ofImage = { ...part, name, version, arch: exact.arch };
  const isIt = byId?.kind === kind && (filename === undefined || byId.filename === filename);
  const found = isIt
    ? byId
    : ((await world.asset({ named: ofImage })) ??
      (filename === undefined && hasSeveral(kind) ? await world.asset({ onlyOf: ofImage }) : undefined));
  const asset = found && deliverable(found);
  return asset
    ? { asset, permanence: 'immutable', networks: found.networks }
    : { missing: imageTitle(exact) };
}
