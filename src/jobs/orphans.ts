import { every } from '../records/records.ts';
import type { JobParts } from './parts.ts';

/** An object that no record knows. */
export interface Orphan {
  readonly object: string;
  /** Bytes. */
  readonly size: number;
  /** RFC 3339. */
  readonly created_at: string;
}

/** Under which all assets lie. */
const prefix = 'assets/';

/**
 * Deletes objects that are old enough and belong to no asset and no open upload: what a session brought after its upload had
 * ended, or what was left when the broker died between a record and its bytes. An object is named by its upload, which is
 * recorded before the first byte can come: what is old and unknown stays unknown.
 */
export async function orphans(
  { records, blobs, bucket, clock, log }: JobParts & { readonly bucket: string },
  { dryRun, olderThanMs }: { readonly dryRun: boolean; readonly olderThanMs: number },
): Promise<Orphan[]> {
  const known = new Set<string>();
  for await (const upload of every((page) => records.listUploads({ state: 'open' }, page)))
    known.add(upload.object);
  for await (const asset of every((page) => records.listAssets({}, page)))
    if (asset.generation && asset.bucket === bucket) known.add(asset.object);
  const before = clock().getTime() - olderThanMs;
  const found: Orphan[] = [];
  for await (const { object, generation, size, createdAt } of blobs.list(prefix)) {
    if (createdAt.getTime() > before || known.has(object)) continue;
    if (!dryRun) {
      await blobs.remove({ bucket, object, generation });
      log.info({ object, bytes: size }, 'an object that no record knows is deleted');
    }
    found.push({ object, size, created_at: createdAt.toISOString() });
  }
  return found;
}
