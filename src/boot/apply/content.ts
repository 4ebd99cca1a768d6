import { isDeepStrictEqual } from 'node:util';
import type { Arch, Asset, AssetKind, AssetName, ResolvedAsset } from '../asset/asset.ts';
import { misplaced, nameAtVersion, parseAssetReference, taken } from '../asset/asset-reference.ts';
import { assetsOf, type ProfileRevision } from '../profile.ts';
import type { DesiredAsset, DesiredProfile } from './desired.ts';

/** A desired profile for one architecture. */
export interface Content extends DesiredProfile {
  readonly arch: Arch;
}

/** Finds assets as they are, and those that are yet to come with the bytes that are known of them. */
export interface AssetBook {
  present(name: AssetName): Asset | undefined;
  byId(id: string): Asset | undefined;
  coming(name: AssetName): DesiredAsset | undefined;
}

/** What somebody would write to get such a revision again. */
export function contentOf({
  name,
  arch,
  kernel,
  initrds,
  efi,
  iso,
  cmdline,
  metadata,
}: ProfileRevision): Content {
  return {
    name,
    arch,
    ...(kernel && { kernel: nameAtVersion(kernel) }),
    initrds: initrds.map(nameAtVersion),
    ...(efi && { efi: nameAtVersion(efi) }),
    ...(iso && { iso: nameAtVersion(iso) }),
    cmdline,
    metadata,
  };
}

/** Whether the revision is what this content would make now: the same words, and no other bytes under the names in them. */
export function isRevisionOf(revision: ProfileRevision, content: Content, assets: AssetBook): boolean {
  return (
    isDeepStrictEqual(contentOf(revision), byName(content, assets)) &&
    assetsOf(revision).every((pinned) => {
      const now = assets.present(pinned);
      return now?.state !== 'ready' || now.id === pinned.asset_id;
    })
  );
}

/** The same, its assets by their names; what an id does not fit is left, and is like no revision. */
function byName({ kernel, initrds, efi, iso, ...rest }: Content, assets: AssetBook): Content {
  const named = (kind: AssetKind, reference: string) => {
    const id = parseAssetReference(reference)?.id;
    const asset = id === undefined ? undefined : assets.byId(id);
    return asset && !misplaced(asset, { kind, arch: rest.arch }) ? nameAtVersion(asset) : reference;
  };
  return {
    ...rest,
    ...(kernel !== undefined && { kernel: named('kernel', kernel) }),
    initrds: initrds.map((reference) => named('initrd', reference)),
    ...(efi !== undefined && { efi: named('efi', efi) }),
    ...(iso !== undefined && { iso: named('iso', iso) }),
  };
}

/** Whether somebody new may boot it: what is retired stays only for those who boot it already. */
export function isBootable(revision: ProfileRevision, assets: AssetBook): boolean {
  return assetsOf(revision).every((pinned) => {
    const now = assets.present(pinned);
    return now?.state === 'ready' && now.id === pinned.asset_id;
  });
}

interface ContentFault {
  readonly field: readonly (string | number)[];
  readonly message: string;
}

/** The content with its assets resolved, as a revision has them; or all that is wrong with it, and in which field. */
export function resolvedContent(
  { kernel, initrds, efi, iso, ...rest }: Content,
  assets: AssetBook,
): Omit<ProfileRevision, 'id' | 'created_at'> | readonly ContentFault[] {
  const faults: ContentFault[] = [];
  const take = (field: ContentFault['field'], kind: AssetKind, reference: string | undefined) => {
    if (reference === undefined) return undefined;
    const found = resolve(kind, reference, rest.arch, assets);
    if (typeof found !== 'string') return found;
    faults.push({ field, message: found });
    return undefined;
  };
  const starts = {
    kernel: take(['kernel'], 'kernel', kernel),
    efi: take(['efi'], 'efi', efi),
    iso: take(['iso'], 'iso', iso),
  };
  const loaded = initrds.map((reference, n) => take(['initrds', n], 'initrd', reference));
  if (faults.length > 0) return faults;
  const { name, arch, cmdline, metadata } = rest;
  return {
    name,
    arch,
    ...(starts.kernel && { kernel: starts.kernel }),
    initrds: loaded.filter((asset) => asset !== undefined),
    ...(starts.efi && { efi: starts.efi }),
    ...(starts.iso && { iso: starts.iso }),
    cmdline,
    metadata,
  };
}

function resolve(kind: AssetKind, reference: string, arch: Arch, assets: AssetBook): ResolvedAsset | string {
  const parsed = parseAssetReference(reference);
  if (!parsed) return `${reference} is no asset: write NAME@VERSION`;
  const place = { kind, arch };
  const named = parsed.id === undefined ? { ...parsed, ...place } : undefined;
  const asset = named ? assets.present(named) : assets.byId(parsed.id ?? '');
  const ready = taken(reference, place, asset);
  if (typeof ready !== 'string' || (asset && (misplaced(asset, place) || asset.state === 'retired')))
    return ready;
  const name = asset ?? named;
  const coming = name && assets.coming(name);
  if (coming) return unresolved(coming);
  return asset || !named ? ready : `${ready}, or list it under assets`;
}

/** Stands for an asset whose bytes are not there yet; good for looking at, and never written. */
function unresolved({
  kind,
  name,
  version,
  arch,
  size = 0,
  crc32c = '',
  sha256 = '',
}: DesiredAsset): ResolvedAsset {
  const nowhere = { asset_id: '', bucket: '', object: '', generation: '', type: '', etag: '' };
  return { kind, name, version, arch, size, crc32c, sha256, ...nowhere, last_modified: '', ready_at: '' };
}
