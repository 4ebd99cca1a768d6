import { parseArchName } from './arch.ts';
import { type Arch, type Asset, isName, isVersion } from './asset.ts';

/** A kernel and an initrd that belong together: same name, version and arch, both ready. */
export interface Image {
  readonly kernel: Asset;
  readonly initrd: Asset;
}

/** How a request names an image: by `name:version:arch` or `name:version`, by the id of one of its assets, or by its bare name. */
export type ImageName =
  | { readonly by: 'id'; readonly name: string; readonly version: string; readonly arch?: Arch }
  | { readonly by: 'asset'; readonly asset: string }
  | { readonly by: 'name'; readonly name: string };

/**
 * Reads `name:version:arch`, from both ends, for `:` stands in versions as well: the name goes to the first, and what follows the last is
 * the architecture, if it is one. Without any it is an asset's id, or, where no asset has it, a bare name.
 */
export function parseImageId(text: string): ImageName | undefined {
  const [name = '', ...rest] = text.split(':');
  if (!isName(name)) return undefined;
  if (rest.length === 0) return { by: 'asset', asset: name };
  const arch = rest.length > 1 ? parseArchName(rest.at(-1) ?? '') : undefined;
  const version = (arch ? rest.slice(0, -1) : rest).join(':');
  return isVersion(version) ? { by: 'id', name, version, ...(arch && { arch }) } : undefined;
}

/** The newest complete image among these assets: a set is as new as the last of its two parts to become ready. */
export function newestImage(assets: readonly Asset[]): Image | undefined {
  const ready = assets.filter((asset) => asset.state === 'ready');
  const images = ready
    .filter((asset) => asset.kind === 'kernel')
    .flatMap((kernel) => {
      const initrd = ready.find(
        (asset) =>
          asset.kind === 'initrd' &&
          asset.name === kernel.name &&
          asset.version === kernel.version &&
          asset.arch === kernel.arch,
      );
      return initrd ? [{ kernel, initrd }] : [];
    });
  const readyAt = ({ kernel, initrd }: Image) => Math.max(time(kernel), time(initrd));
  return images.sort((a, b) => readyAt(b) - readyAt(a))[0];
}

function time(asset: Asset): number {
  return Date.parse(asset.ready_at ?? asset.updated_at);
}
