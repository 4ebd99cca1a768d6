import type { Asset } from '../boot/asset/asset.ts';
import { ended } from '../boot/asset/asset-life.ts';
import { endOf, type Upload } from '../boot/asset/upload.ts';
import { every } from '../records/records.ts';
import type { JobParts } from './parts.ts';
import { takeStep } from './take-step.ts';

/**
 * Ends an open upload: its asset is free for a new one, and what came of its bytes is deleted. False: it has ended otherwise
 * meanwhile, or its bytes were accepted; only somebody who aborts it may give up those.
 */
export async function abandonUpload(
  upload: Upload,
  as: 'expired' | 'aborted',
  parts: JobParts,
): Promise<boolean> {
  const { blobs, log } = parts;
  const asset = await recordedEnd(upload, as, parts);
  if (!asset) return false;
  const { bucket } = asset;
  const found = await blobs.stat(bucket, upload.object);
  if (found) await blobs.remove({ bucket, object: upload.object, generation: found.generation });
  log.info({ upload: upload.id, asset: asset.id, bytes: found?.size ?? 0 }, `an upload is ${as}`);
  return true;
}

/** Tried as often as the asset changes meanwhile, as it does each time the hashing tells how far it is. */
async function recordedEnd(
  known: Upload,
  as: 'expired' | 'aborted',
  parts: JobParts,
): Promise<Asset | undefined> {
  const { records, clock } = parts;
  let upload: Upload | undefined = known;
  while (upload) {
    const asset = await records.asset(upload.asset_id);
    // In one transaction with the asset, and only if that is as it was read: of this and a completion one happens.
    const step = asset && ended({ asset, upload }, as, clock());
    if (!step) return undefined;
    if (await takeStep(step, parts)) return asset;
    upload = await records.upload(known.id);
  }
  return undefined;
}

/** Ends every upload whose bytes can come no more; resolves to how many. One that cannot be ended now is for the next time. */
export async function expireUploads(parts: JobParts, stop: AbortSignal): Promise<number> {
  const { records, clock, log } = parts;
  const now = clock().getTime();
  let expired = 0;
  for await (const upload of every((page) => records.listUploads({ state: 'open' }, page))) {
    if (stop.aborted) break;
    if (endOf(upload) > now) continue;
    const ended = await abandonUpload(upload, 'expired', parts).catch((error: unknown) => {
      log.warn(
        { error, upload: upload.id },
        'an abandoned upload could not be expired: the next round tries again',
      );
      return false;
    });
    if (ended) expired += 1;
  }
  return expired;
}
