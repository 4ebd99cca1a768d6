import { parseArchName } from './arch.ts';
import type { Asset } from './asset.ts';
import { type Arch, type AssetName, isName, isVersion } from './asset-name.ts';

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

/** What an image is called, for people. */
export function imageTitle({ name, version, arch }: Omit<AssetName, 'kind'>): string {
  return `image ${name}:${version}:${arch}`;
}

/** A part of an image of that name, whatever its version. */
export type ImagePart = Omit<AssetName, 'version'>;

/** The newest complete image among these assets: a set is as new as the last of its two parts to become ready. */
export function newestImage(assets: readonly Asset[]): Image | undefined {
  const ready = assets.filter((asset) => asset.state === 'ready');
  const images = ready
    .filter((asset) => asset.kind === 'kernel')
    .flatMap((kernel) => {
      const initrd = ready.find((asset) => asset.kind === 'initrd' && isOfImage(asset, kernel));
      return initrd ? [{ kernel, initrd }] : [];
    });
  const readyAt = ({ kernel, initrd }: Image) => Math.max(time(kernel), time(initrd));
  return images.sort((a, b) => readyAt(b) - readyAt(a))[0];
}

/**
 * That part of the newest complete image among these assets of one name. Where no version has both a kernel and an initrd, whatever else
 * is wanted is of the version that got one last.
 */
export function ofNewestImage(assets: readonly Asset[], part: ImagePart): Asset | undefined {
  const own = assets.filter(({ state, arch }) => state === 'ready' && arch === part.arch);
  const image = newestImage(own);
  if (image) return onlyOf(own, { ...part, version: image.kernel.version });
  if (part.kind === 'kernel' || part.kind === 'initrd') return undefined;
  const [newest] = own.filter((asset) => fits(asset, part)).sort((a, b) => time(b) - time(a));
  return newest && onlyOf(own, { ...part, version: newest.version });
}

/** The asset that is called so; without a filename the one that has none, else the only one. */
export function onlyOf(assets: readonly Asset[], wanted: AssetName): Asset | undefined {
  const found = assets.filter(
    (asset) => asset.state === 'ready' && isOfImage(asset, wanted) && fits(asset, wanted),
  );
  return (
    found.find(({ filename }) => filename === wanted.filename) ?? (found.length === 1 ? found[0] : undefined)
  );
}

function fits(asset: Asset, { kind, filename }: Pick<AssetName, 'kind' | 'filename'>): boolean {
  return asset.kind === kind && (filename === undefined || asset.filename === filename);
}

function isOfImage(asset: Asset, { name, version, arch }: Omit<AssetName, 'kind'>): boolean {
  return asset.name === name && asset.version === version && asset.arch === arch;
}

function time(asset: Asset): number {
  return Date.parse(asset.ready_at ?? asset.updated_at);
}
