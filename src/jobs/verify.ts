import type { Blobs } from '../blobs/blobs.ts';
import { type Asset, mismatch } from '../boot/asset.ts';
import type { BlobRef } from '../boot/plan.ts';
import { StoreDown } from '../boot/store-down.ts';
import type { Records } from '../records/records.ts';
import type { Log } from '../telemetry/log.ts';

export interface Verifier {
  /** Hashes the bytes of a `verifying` asset and makes it ready, or not. Calls for one asset share one run. */
  verify(assetId: string): Promise<void>;
  /** Takes up what an earlier process left unfinished. */
  resume(): Promise<void>;
  /** Stops what is running; it is taken up again at the next start. */
  close(): Promise<void>;
}

/** What boots is ready only after we hashed it ourselves: a CRC finds accidents, not forgeries. */
export function openVerifier(parts: {
  records: Records;
  blobs: Blobs;
  clock: () => Date;
  log: Log;
}): Verifier {
  const { records, log } = parts;
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();

  const verify = (assetId: string): Promise<void> => {
    const run =
      running.get(assetId) ?? verifyOnce(assetId, parts, stop.signal).finally(() => running.delete(assetId));
    running.set(assetId, run);
    return run;
  };

  return {
    verify,
    async resume() {
      let cursor: string | undefined;
      do {
        const page = await records.listAssets(
          { state: 'verifying' },
          { limit: 100, ...(cursor && { cursor }) },
        );
        for (const { id } of page.items) {
          if (stop.signal.aborted) return;
          await verify(id).catch((error: unknown) => {
            if (!stop.signal.aborted)
              log.warn({ error, asset: id }, 'an asset could not be verified: complete its upload once more');
          });
        }
        cursor = page.next;
      } while (cursor);
    },
    async close() {
      stop.abort();
      await Promise.allSettled(running.values());
    },
  };
}

async function verifyOnce(
  assetId: string,
  { records, blobs, clock, log }: { records: Records; blobs: Blobs; clock: () => Date; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const asset = await records.asset(assetId);
  if (asset?.state !== 'verifying' || !asset.generation) return;
  const upload = await records.upload(asset.upload_id);
  if (!upload)
    throw new StoreDown('records', `verifying asset ${assetId}`, `its upload ${asset.upload_id} is missing`);
  const blob: BlobRef = { bucket: asset.bucket, object: asset.object, generation: asset.generation };
  const digest = await blobs.digest(blob, signal);
  const failure = mismatch(asset, digest);
  const now = clock().toISOString();
  const expected = { state: 'verifying', upload_id: asset.upload_id } as const;
  if (failure) {
    const { generation: _, ...rest } = asset;
    const back: Asset = { ...rest, state: 'created', failure, updated_at: now };
    if (await records.changeAsset(back, expected, { ...upload, state: 'failed' })) await blobs.remove(blob);
    log.warn({ asset: assetId, failure }, 'an upload is not what was announced');
    return;
  }
  const { failure: _, ...rest } = asset;
  const ready: Asset = {
    ...rest,
    state: 'ready',
    sha256: digest.sha256,
    etag: digest.etag,
    last_modified: digest.lastModified.toISOString(),
    updated_at: now,
    ready_at: now,
  };
  if (await records.changeAsset(ready, expected, { ...upload, state: 'done' }))
    log.info({ asset: assetId, sha256: digest.sha256, bytes: digest.size }, 'an asset is ready');
}
