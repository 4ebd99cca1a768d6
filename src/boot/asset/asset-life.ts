import { type Refusal, refuse } from '../problem.ts';
import { type Asset, contentType, isProgram, mismatch, mustHash, objectName } from './asset.ts';
import { type AssetName, assetTitle, fileName, nameOf } from './asset-name.ts';
import { type AssetChange, type AssetExpectation, asRead, ending, type Step, step } from './asset-step.ts';
import { type Carried, ungranted } from './carried.ts';
import { archMismatch, programOf } from './program.ts';
import { expiryOf, type Upload, type UploadMode } from './upload.ts';

/** An asset, and the upload that brings its bytes. */
export interface Life {
  readonly asset: Asset;
  readonly upload: Upload;
}

/** What somebody says of an asset whose bytes are to come. */
export interface Announcement extends AssetName, Pick<Asset, 'size' | 'crc32c'> {
  readonly sha256?: string;
  readonly verify?: 'full' | 'checksum';
  readonly type?: string;
  readonly mode: UploadMode;
}

/** What the storage says of an object and its bytes, and what a client is told of them. */
type Found = Pick<Asset, 'size' | 'crc32c'> & {
  readonly generation: string;
  readonly type: string;
  readonly carried: Carried;
};
interface Validators {
  readonly etag: string;
  readonly lastModified: Date;
}

/**
 * An asset is announced with its upload. Where one of that name still waits for its bytes it gets this upload instead: it
 * keeps its id and creation time, and the rest is the new announcement's. `known`: what has that name now.
 */
export function announced(
  wanted: Announcement,
  known: Asset | undefined,
  made: { readonly assetId: string; readonly uploadId: string; readonly bucket: string; readonly now: Date },
): (Step & { readonly upload: Upload }) | Refusal {
  if (known && !awaitsBytes(known))
    return refuse(
      'asset-exists',
      `${assetTitle(known)} is ${known.state} (asset ${known.id}). Assets never change: take a new version.`,
    );
  const { kind, size, crc32c, sha256, verify, mode } = wanted;
  const { uploadId, bucket, now } = made;
  const at = now.toISOString();
  const object = objectName(uploadId, fileName(wanted));
  const asset: Asset = {
    id: known?.id ?? made.assetId,
    upload_id: uploadId,
    bucket,
    object,
    ...nameOf(wanted),
    ...{ size, crc32c },
    ...(sha256 && { sha256 }),
    ...(verify === 'full' && { verify }),
    type: wanted.type ?? contentType(kind),
    state: mode === 'signed' ? 'created' : 'uploading',
    created_at: known?.created_at ?? at,
    updated_at: at,
  };
  const upload: Upload = {
    id: uploadId,
    asset_id: asset.id,
    object,
    mode,
    state: 'open',
    expires_at: expiryOf(mode, now).toISOString(),
    created_at: at,
  };
  return {
    changes: [
      { kind: 'asset', of: asset, expected: known && asRead(known), to: asset },
      { kind: 'upload', expected: undefined, to: upload },
    ],
    told: ['upload.create', { kind: 'upload', id: uploadId }, undefined, { ...upload, asset }],
    asset,
    upload,
  };
}

/** Whether its bytes may still come: until then another upload may take its place. */
export function awaitsBytes({ state }: Asset): boolean {
  return state === 'created' || state === 'uploading';
}

/**
 * All bytes of an asset that waits for them are there; from here on it is pinned to the generation that was found. It is
 * hashed next; or ready, where Google's own checksum is enough, with the validators of its object; or else refused.
 */
export function arrived(life: Life, found: Found, validators: Validators | undefined, now: Date): Step {
  const { asset } = life;
  const { generation, carried, ...bytes } = found;
  const failure = mismatch(asset, bytes) ?? ungranted(carried);
  if (failure) return rejected('upload.fail', life, asRead(asset), failure, now);
  if (validators && !mustHash(asset)) {
    const proof = { generation, checked: 'crc32c', ...stored(validators) } as const;
    return ready('upload.complete', life, asRead(asset), proof, now);
  }
  const { failure: _, ...rest } = asset;
  const to: Asset = { ...rest, state: 'verifying', generation, updated_at: now.toISOString() };
  return step('upload.complete', asset, asRead(asset), to);
}

/** So many bytes of it are hashed. */
export function progressed(asset: Asset, bytes: number, now: Date): AssetChange {
  const to: Asset = { ...asset, verified_bytes: bytes, updated_at: now.toISOString() };
  return { kind: 'asset', of: asset, expected: beingHashed(asset), to };
}

/** All its bytes were read, and are what was announced, or not; and its object still carries what it was granted, or not. */
export function verified(
  life: Life,
  digest: Pick<Asset, 'size' | 'crc32c'> & { readonly sha256: string; readonly head?: Buffer } & Validators,
  { type, carried }: Pick<Found, 'type' | 'carried'>,
  now: Date,
): Step {
  const { size, crc32c, sha256 } = digest;
  const { asset } = life;
  const program = digest.head && isProgram(asset) ? programOf(digest.head) : undefined;
  const of = { size, crc32c, sha256, type };
  const failure = mismatch(asset, of) ?? ungranted(carried) ?? archMismatch(program, asset.arch);
  if (failure) return rejected('asset.refuse', life, beingHashed(asset), failure, now);
  const proof = { checked: 'sha256', sha256, ...(program && { program }), ...stored(digest) } as const;
  return ready('asset.ready', life, beingHashed(asset), proof, now);
}

/**
 * An open upload is given up by somebody, or by time. Undefined: it has ended otherwise, or its bytes were accepted; only
 * somebody who aborts it may give up those.
 */
export function ended({ asset, upload }: Life, as: 'expired' | 'aborted', now: Date): Step | undefined {
  if (upload.state !== 'open') return undefined;
  const isCurrent = asset.upload_id === upload.id;
  if (isCurrent && asset.failure !== undefined) return undefined;
  const mayEnd = awaitsBytes(asset) || (as === 'aborted' && asset.state === 'verifying');
  if (isCurrent && !mayEnd) return undefined;
  const failure = `its upload is ${as}`;
  const over: Upload = { ...upload, state: as };
  const to = isCurrent ? freed(asset, failure, now) : asset;
  const action = as === 'aborted' ? 'upload.abort' : 'upload.expire';
  return {
    changes: [
      { kind: 'asset', of: asset, expected: asRead(asset), to },
      { kind: 'upload', expected: upload.state, to: over },
    ],
    told: [action, { kind: 'upload', id: upload.id }, upload, over],
    asset: to,
    failure,
  };
}

/** No new profile may name it from now on. Undefined: it is so already. */
export function retired(asset: Asset, now: Date): Step | Refusal | undefined {
  if (asset.state === 'retired') return undefined;
  if (asset.state !== 'ready') return notReady(asset);
  const at = now.toISOString();
  const to: Asset = { ...asset, state: 'retired', retired_at: at, updated_at: at };
  return step('asset.retire', asset, asRead(asset), to);
}

/** It is taken back into use. Undefined: it is so already. */
export function unretired(asset: Asset, now: Date): Step | Refusal | undefined {
  if (asset.state === 'ready') return undefined;
  if (asset.state !== 'retired') return notReady(asset);
  const { retired_at: _, condemned_at: __, ...rest } = asset;
  const to: Asset = { ...rest, state: 'ready', updated_at: now.toISOString() };
  return step('asset.unretire', asset, asRead(asset), to);
}

/** Nothing refers to it: some time from now on it is deleted. Undefined: it is so already. */
export function condemned(asset: Asset, now: Date): Step | undefined {
  if (asset.condemned_at !== undefined) return undefined;
  const at = now.toISOString();
  return step('asset.condemn', asset, asRead(asset), { ...asset, condemned_at: at, updated_at: at });
}

/** Something refers to it: it stays. Undefined: it is so already. */
export function reprieved(asset: Asset, now: Date): Step | undefined {
  if (asset.condemned_at === undefined) return undefined;
  const { condemned_at: _, ...rest } = asset;
  return step('asset.reprieve', asset, asRead(asset), { ...rest, updated_at: now.toISOString() });
}

/** It goes. */
export function deleted(asset: Asset): Step {
  return step('asset.delete', asset, asRead(asset), undefined);
}

/** Whatever else it says of how far it is. */
function beingHashed({ upload_id }: Asset): AssetExpectation {
  return { state: 'verifying', upload_id };
}

function ready(
  action: string,
  { asset, upload }: Life,
  expected: AssetExpectation,
  proof: Partial<Asset>,
  now: Date,
): Step {
  const { failure: _, verified_bytes: __, ...rest } = asset;
  const at = now.toISOString();
  const to: Asset = { ...rest, ...proof, state: 'ready', updated_at: at, ready_at: at };
  return ending(step(action, asset, expected, to), upload, 'done');
}

function rejected(
  action: string,
  { asset, upload }: Life,
  expected: AssetExpectation,
  failure: string,
  now: Date,
): Step {
  const back = step(action, asset, expected, freed(asset, failure, now));
  return { ...ending(back, upload, 'failed'), failure };
}

/** The asset without the bytes that it was to have: a new upload may come. */
function freed(asset: Asset, failure: string, now: Date): Asset {
  const { generation: _, verified_bytes: __, ...rest } = asset;
  return { ...rest, state: 'created', failure, updated_at: now.toISOString() };
}

function stored({ etag, lastModified }: Validators) {
  return { etag, last_modified: lastModified.toISOString() };
}

function notReady({ id, state, upload_id }: Asset): Refusal {
  return refuse(
    'asset-not-ready',
    `Asset ${id} is ${state}: only what is ready can be retired. Abort its upload: bootbroker upload abort ${upload_id}`,
  );
}
