import { isUuid } from '../machine/identity.ts';
import { type Asset, type ResolvedAsset, resolved } from './asset.ts';
import { type Arch, type AssetKind, type AssetName, assetTitle, isName, isVersion } from './asset-name.ts';

/** How a profile names an asset: by name and version, and by its filename where it has one; or by its id. */
export type AssetReference =
  | { readonly name: string; readonly version: string; readonly filename?: string; readonly id?: undefined }
  | { readonly id: string };

/** Reads `NAME@VERSION` or `NAME@VERSION/FILENAME`. */
export function parseNameAtVersion(
  text: string,
): Pick<AssetName, 'name' | 'version' | 'filename'> | undefined {
  const [, name = '', version = '', filename] = /^([^@]*)@([^@/]*)(?:\/([^@/]*))?$/.exec(text) ?? [];
  if (!isName(name) || !isVersion(version)) return undefined;
  if (filename === undefined) return { name, version };
  return isName(filename) ? { name, version, filename } : undefined;
}

/** Reads `NAME@VERSION`, or the id of an asset. */
export function parseAssetReference(text: string): AssetReference | undefined {
  const id = isUuid(text) ? text.toLowerCase() : undefined;
  return id === undefined ? parseNameAtVersion(text) : { id };
}

/** What a profile takes an asset as. */
export interface Place {
  readonly kind: AssetKind;
  readonly arch: Arch;
}

/** Whether an id named something that belongs elsewhere. */
export function misplaced(asset: Asset, { kind, arch }: Place): boolean {
  return asset.kind !== kind || asset.arch !== arch;
}

/** The asset that was found by the reference, as a new revision takes it; or why it cannot. */
export function taken(reference: string, place: Place, asset: Asset | undefined): ResolvedAsset | string {
  const { kind, arch } = place;
  if (!asset)
    return parseAssetReference(reference)?.id === undefined
      ? `there is no ${kind} ${reference} for ${arch}: push it with bootbroker asset push`
      : `there is no asset ${reference}: bootbroker asset list shows all`;
  if (misplaced(asset, place))
    return `asset ${reference} is ${assetTitle(asset)}, and a ${kind} for ${arch} is needed here`;
  if (asset.damage) return `${kind} ${reference} for ${arch} is damaged (${asset.damage})`;
  return (
    resolved(asset) ??
    `${kind} ${reference} for ${arch} is ${asset.state}${asset.failure ? ` (${asset.failure})` : ''}`
  );
}
