import type { BlobRef, Delivery } from '../plan.ts';
import { type AssetKind, type AssetName, fileName, nameOf } from './asset-name.ts';
import type { Program } from './program.ts';

/** Whether machines run it: then nobody's word for its bytes is enough. */
export function boots(kind: AssetKind): boolean {
  return kind !== 'rootfs' && kind !== 'file';
}

/** Whether a machine runs it as it is. */
export function isProgram({ kind }: Pick<Asset, 'kind'>): boolean {
  return kind === 'kernel' || kind === 'efi';
}

/**
 * `created`: announced, its bytes may be arriving. `uploading`: the broker itself opened the session. `verifying`: all
 * bytes are there and are being hashed. `ready`: they are what was announced; it boots. `retired`: no new profile may name it;
 * what names it goes on booting.
 */
export const assetStates = ['created', 'uploading', 'verifying', 'ready', 'retired'] as const;
export type AssetState = (typeof assetStates)[number];

/** What is known of the bytes of an asset that was ready, where they are not as they should be: no machine is given them. */
export const assetConditions = ['damaged'] as const;

export interface Asset extends AssetName {
  /** UUIDv7. */
  readonly id: string;
  readonly upload_id: string;
  readonly bucket: string;
  readonly object: string;
  readonly generation?: string;
  /** Bytes. */
  readonly size: number;
  /** Base64 of the big-endian CRC32C, as Google writes it. */
  readonly crc32c: string;
  /** Hex. Announced by the uploader, or computed by the broker when it verified: `checked` says which. */
  readonly sha256?: string;
  /** Asked for in the announcement: hash it, although it does not boot. */
  readonly verify?: 'full';
  readonly type: string;
  /** The storage's own strong ETag and Last-Modified (RFC 3339), so that a redirect and a stream name the same. */
  readonly etag?: string;
  readonly last_modified?: string;
  readonly state: AssetState;
  /** How far the hashing has come, in bytes; only while it is `verifying`, and some seconds old. */
  readonly verified_bytes?: number;
  /** What the bytes were held to before it became ready, besides their size: Google's CRC32C of them, or our own SHA-256. */
  readonly checked?: 'crc32c' | 'sha256';
  /** What its head says, of what a machine runs as it is. */
  readonly program?: Program;
  /** Why the last upload did not become ready. */
  readonly failure?: string;
  readonly condition?: (typeof assetConditions)[number];
  /** How its bytes are not as they should be, and since when that is known. Only while it is damaged. */
  readonly damage?: string;
  readonly damaged_at?: string;
  /** When all its bytes, or in Cloud Storage what Google says of them, were last found as they should be. */
  readonly scrubbed_at?: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly ready_at?: string;
  readonly retired_at?: string;
  /** Since when nothing that is live was seen to refer to it: some time later it is deleted. Only while it is `retired`. */
  readonly condemned_at?: string;
  /** Where it is handed out by its name: CIDRs; none, everywhere. Absent: no profile has named it yet, and it is the same. */
  readonly networks?: readonly string[];
}

/** A ready asset as a profile revision carries it: all that delivery needs, so that booting asks nobody for metadata. */
export interface ResolvedAsset extends AssetName, BlobRef {
  readonly asset_id: string;
  readonly size: number;
  readonly crc32c: string;
  /** There for whatever boots. */
  readonly sha256?: string;
  readonly type: string;
  readonly etag: string;
  readonly last_modified: string;
  readonly ready_at: string;
  /** Absent: nobody has read its head. */
  readonly program?: Program;
  /** The name under which an initrd of a profile is loaded. */
  readonly loaded_as?: string;
}

/** The content type that is fixed at upload. EDK2 takes an exact `application/efi` without parameters (HttpBootSupport.c). */
export function contentType(kind: AssetKind): string {
  if (kind === 'efi') return 'application/efi';
  if (kind === 'iso') return 'application/vnd.efi-iso';
  return 'application/octet-stream';
}

/** The object's name, used once and never again. */
export function objectName(uploadId: string, fileName: string): string {
  return `assets/${uploadId}/${fileName}`;
}

/** The strongest that is known of its bytes: what does not boot need not have been hashed by us. */
export function hashOf({ sha256, crc32c }: Pick<Asset, 'sha256' | 'crc32c'>): string {
  return sha256 === undefined ? `crc32c ${crc32c}` : `sha256 ${sha256}`;
}

/** Whether its bytes must be hashed before it is ready. */
export function mustHash({ kind, verify }: Pick<Asset, 'kind' | 'verify'>): boolean {
  return boots(kind) || verify === 'full';
}

/** As a new profile takes it; `undefined` unless the asset is ready, undamaged, with all that delivery needs. */
export function resolved(asset: Asset): ResolvedAsset | undefined {
  return asset.state === 'ready' && !asset.condition ? deliverable(asset) : undefined;
}

/** As it is served to whoever names exactly this one, which may be retired. */
export function deliverable(asset: Asset): ResolvedAsset | undefined {
  const { kind, bucket, object, size, crc32c, type } = asset;
  const { state, generation, sha256, etag, last_modified, ready_at, program } = asset;
  if (state !== 'ready' && state !== 'retired') return undefined;
  if (!generation || !etag || !last_modified || !ready_at || (boots(kind) && !sha256)) return undefined;
  const named = { asset_id: asset.id, ...nameOf(asset) };
  const hashes = { crc32c, ...(sha256 && { sha256 }) };
  return {
    ...named,
    bucket,
    object,
    generation,
    size,
    ...hashes,
    type,
    etag,
    last_modified,
    ready_at,
    ...(program && { program }),
  };
}

/** `immutable`: the name means these bytes for good. `alias`: it can move to others. `entry`: who asks decides what comes. */
export type Permanence = 'immutable' | 'alias' | 'entry';

/** The objects carry it as well: a redirected client sees what they carry, and a name is never used twice. */
export const forGood = 'private, max-age=31536000, immutable, no-transform';

const cacheControl: Record<Permanence, string> = {
  immutable: forGood,
  alias: 'no-cache',
  entry: 'no-store',
};

export function deliveryOf(asset: ResolvedAsset, permanence: Permanence): Delivery {
  return {
    blob: { bucket: asset.bucket, object: asset.object, generation: asset.generation },
    size: asset.size,
    type: asset.type,
    etag: asset.etag,
    lastModified: new Date(asset.last_modified),
    fileName: fileName(asset),
    cacheControl: cacheControl[permanence],
  };
}

/** How the bytes differ from what was announced; undefined when they do not. */
export function mismatch(
  announced: Asset,
  found: Partial<Pick<Asset, 'size' | 'crc32c' | 'sha256' | 'type'>>,
): string | undefined {
  const checks = [
    ['size', announced.size, found.size],
    ['crc32c', announced.crc32c, found.crc32c],
    ['sha256', announced.sha256, found.sha256],
    ['type', announced.type, found.type],
  ] as const;
  const different = checks.filter(([, a, b]) => a !== undefined && b !== undefined && a !== b);
  if (different.length === 0) return undefined;
  return different.map(([what, wanted, got]) => `${what} is ${got}, announced was ${wanted}`).join('; ');
}
