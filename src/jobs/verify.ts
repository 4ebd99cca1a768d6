import { progressed, verified } from '../boot/asset/asset-life.ts';
import type { BlobRef } from '../boot/plan.ts';
import { StoreDown } from '../boot/store-down.ts';
import { every } from '../records/records.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { JobParts } from './parts.ts';
import { takeStep } from './take-step.ts';

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
export function openVerifier(
  parts: JobParts & { readonly tracing?: Pick<Tracing, 'job'> | undefined },
): Verifier {
  const { records, log, clock, tracing } = parts;
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();

  const verify = (assetId: string): Promise<void> => {
    const work = () => verifyOnce(assetId, parts, stop.signal);
    // It goes on after the request that asked for it.
    const begin = () => (tracing ? tracing.job('verifying an asset', work) : work());
    const run = running.get(assetId) ?? begin().finally(() => running.delete(assetId));
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

async function verifyOnce(assetId: string, parts: JobParts, signal: AbortSignal): Promise<void> {
  const { records, blobs, clock, log } = parts;
  const asset = await records.asset(assetId);
  if (asset?.state !== 'verifying' || !asset.generation) return;
  const upload = await records.upload(asset.upload_id);
  if (!upload)
    throw new StoreDown('records', `verifying asset ${assetId}`, `its upload ${asset.upload_id} is missing`);
  const blob: BlobRef = { bucket: asset.bucket, object: asset.object, generation: asset.generation };
  let told = clock().getTime();
  const digest = await blobs.digest(blob, signal, async (bytes) => {
    const now = clock();
    if (now.getTime() - told < progressEveryMs) return;
    told = now.getTime();
    records.write([progressed(asset, bytes, now)]).catch(() => {}); // the end of it is what counts
  });
  // Who has the right to may have changed meanwhile what it carries, and a signed URL hands that out as it is now.
  const found = await blobs.stat(blob.bucket, blob.object);
  if (found?.generation !== blob.generation)
    throw new StoreDown('storage', `verifying asset ${assetId}`, `${blob.object} is no longer what was read`);
  const step = verified({ asset, upload }, digest, found, clock());
  const { failure } = step;
  const isWritten = await takeStep(step, parts);
  if (failure) {
    if (isWritten) await blobs.remove(blob);
    log.warn({ asset: assetId, failure }, 'an upload is not what was announced');
  } else if (isWritten)
    log.info({ asset: assetId, sha256: digest.sha256, bytes: digest.size }, 'an asset is ready');
}
