import { isUuid } from '../machine/identity.ts';
import {
  type Arch,
  type Asset,
  type AssetKind,
  assetTitle,
  isName,
  isVersion,
  type ResolvedAsset,
  resolved,
} from './asset.ts';

/** How a profile names an asset: by name and version, or by its id. */
export type AssetReference =
  | { readonly name: string; readonly version: string; readonly id?: undefined }
  | { readonly id: string };

/** Reads `NAME@VERSION`. */
export function parseNameAtVersion(
  text: string,
): { readonly name: string; readonly version: string } | undefined {
  const [name = '', version = '', ...rest] = text.split('@');
  return rest.length === 0 && isName(name) && isVersion(version) ? { name, version } : undefined;
}

/** Reads `NAME@VERSION`, or the id of an asset. */
export function parseAssetReference(text: string): AssetReference | undefined {
  const id = isUuid(text) ? text.toLowerCase() : undefined;
  return id === undefined ? parseNameAtVersion(text) : { id };
}

/** As a revision is written down again: by the name, which is the same on another broker. */
export function nameAtVersion({ name, version }: Pick<Asset, 'name' | 'version'>): string {
  return `${name}@${version}`;
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
  return (
    resolved(asset) ??
    `${kind} ${reference} for ${arch} is ${asset.state}${asset.failure ? ` (${asset.failure})` : ''}`
  );
}
