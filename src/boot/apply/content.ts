import { isDeepStrictEqual } from 'node:util';
import type { Asset, ResolvedAsset } from '../asset/asset.ts';
import { type Arch, type AssetKind, type AssetName, nameAtVersion, nameOf } from '../asset/asset-name.ts';
import { misplaced, parseAssetReference, taken } from '../asset/asset-reference.ts';
import { initrdText, parseInitrd, writtenAs } from '../asset/initrd.ts';
import { mapSlots } from '../asset/slots.ts';
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
export function contentOf(revision: ProfileRevision): Content {
  const { name, arch, disk, cmdline, metadata } = revision;
  return { name, arch, ...mapSlots(revision, writtenAs), ...(disk && { disk }), cmdline, metadata };
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
function byName(content: Content, assets: AssetBook): Content {
  const { arch } = content;
  const named = mapSlots(content, (text, { kind }) => {
    const { asset: reference, ...called } = parseInitrd(text);
    const id = parseAssetReference(reference)?.id;
    const asset = id === undefined ? undefined : assets.byId(id);
    if (!asset || misplaced(asset, { kind, arch })) return text;
    return initrdText({ ...called, asset: nameAtVersion(asset) });
  });
  return { ...content, ...named };
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
  content: Content,
  assets: AssetBook,
): Omit<ProfileRevision, 'id' | 'created_at'> | readonly ContentFault[] {
  const { name, arch, disk, cmdline, metadata } = content;
  const faults: ContentFault[] = [];
  const slots = mapSlots(content, (text, { field, kind }) => {
    const { name: loaded_as, asset } = parseInitrd(text);
    const found = resolve(kind, asset, arch, assets);
    if (typeof found !== 'string') return { ...found, ...(loaded_as && { loaded_as }) };
    faults.push({ field, message: found });
    return undefined;
  });
  return faults.length > 0 ? faults : { name, arch, ...slots, ...(disk && { disk }), cmdline, metadata };
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
function unresolved(coming: DesiredAsset): ResolvedAsset {
  const { size = 0, crc32c = '', sha256 = '' } = coming;
  const nowhere = { asset_id: '', bucket: '', object: '', generation: '', type: '', etag: '' };
  return { ...nameOf(coming), size, crc32c, sha256, ...nowhere, last_modified: '', ready_at: '' };
}
