import { type Asset, mismatch } from '../boot/asset.ts';
import type { BlobRef } from '../boot/plan.ts';
import { StoreDown } from '../boot/store-down.ts';
import { every } from '../records/records.ts';
import { freed } from './abandon.ts';
import type { JobParts } from './parts.ts';

export interface Verifier {
  /** Hashes the bytes of a `verifying` asset and makes it ready, or not. Calls for one asset share one run. */
  verify(assetId: string): Promise<void>;
  /** Takes up what a process that is gone left unfinished: what nobody has worked on for so many ms. */
  resume(quietMs?: number): Promise<void>;
  /** Stops what is running; it is taken up again at the next start. */
  close(): Promise<void>;
}

/** How often a run writes down how far it is; Firestore takes a write a second to one document. */
const progressEveryMs = 2_000;

/** What boots is ready only after we hashed it ourselves: a CRC finds accidents, not forgeries. */
export function openVerifier(parts: JobParts): Verifier {
  const { records, log, clock } = parts;
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
    async resume(quietMs = 0) {
      const before = clock().getTime() - quietMs;
      for await (const { id, updated_at } of every((page) =>
        records.listAssets({ state: 'verifying' }, page),
      )) {
        if (stop.signal.aborted) return;
        if (Date.parse(updated_at) > before) continue;
        await verify(id).catch((error: unknown) => {
          if (!stop.signal.aborted)
            log.warn({ error, asset: id }, 'an asset could not be verified: complete its upload once more');
        });
      }
    },
    async close() {
      stop.abort();
      await Promise.allSettled(running.values());
    },
  };
}

async function verifyOnce(
  assetId: string,
  { records, blobs, clock, log, audit }: JobParts,
  signal: AbortSignal,
): Promise<void> {
  const asset = await records.asset(assetId);
  if (asset?.state !== 'verifying' || !asset.generation) return;
  const upload = await records.upload(asset.upload_id);
  if (!upload)
    throw new StoreDown('records', `verifying asset ${assetId}`, `its upload ${asset.upload_id} is missing`);
  const blob: BlobRef = { bucket: asset.bucket, object: asset.object, generation: asset.generation };
  const expected = { state: 'verifying', upload_id: asset.upload_id } as const;
  let told = clock().getTime();
  const digest = await blobs.digest(blob, signal, (verified_bytes) => {
    const now = clock();
    if (now.getTime() - told < progressEveryMs) return;
    told = now.getTime();
    const progressed: Asset = { ...asset, verified_bytes, updated_at: now.toISOString() };
    records.changeAsset(progressed, expected).catch(() => {}); // the end of it is what counts
  });
  const target = { kind: 'asset', id: assetId };
  const failure = mismatch(asset, digest);
  const at = clock();
  const now = at.toISOString();
  if (failure) {
    const back = freed(asset, failure, at);
    const entry = audit('asset.refuse', target, asset, back);
    if (await records.changeAsset(back, expected, { ...upload, state: 'failed' }, [entry]))
      await blobs.remove(blob);
    log.warn({ asset: assetId, failure }, 'an upload is not what was announced');
    return;
  }
  const { failure: _, verified_bytes: __, ...rest } = asset;
  const ready: Asset = {
    ...rest,
    state: 'ready',
    checked: 'sha256',
    sha256: digest.sha256,
    etag: digest.etag,
    last_modified: digest.lastModified.toISOString(),
    updated_at: now,
    ready_at: now,
  };
  const entry = audit('asset.ready', target, asset, ready);
  if (await records.changeAsset(ready, expected, { ...upload, state: 'done' }, [entry]))
    log.info({ asset: assetId, sha256: digest.sha256, bytes: digest.size }, 'an asset is ready');
}
