import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../../boot/access/actor.ts';
import type { Auditor } from '../../../boot/access/audit.ts';
import { type Asset, mismatch, mustHash } from '../../../boot/asset.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { Upload } from '../../../boot/upload.ts';
import type { AdminParts } from '../parts.ts';
import type { Reply } from '../route.ts';
import { auditor } from '../write/audit-entry.ts';

/** How long `complete` waits for the bytes to be hashed before it says 202. */
const patienceMs = 5_000;

/** Checks the bytes that came against what was announced, and has them hashed if they must be. May be called again at any time. */
export async function completeUpload(id: string, by: Actor, parts: AdminParts): Promise<Reply | Refusal> {
  const { records } = parts;
  const upload = await records.upload(id);
  const asset = upload && (await records.asset(upload.asset_id));
  if (!upload || !asset) return refuse('unknown-upload', `There is no upload ${id}.`);
  if (asset.upload_id !== id)
    return refuse(
      'upload-superseded',
      `Asset ${asset.id} has a newer upload, ${asset.upload_id}. Complete that one.`,
    );
  if (hasEnded(upload, asset)) return ended(upload, asset);
  if (asset.state === 'created' || asset.state === 'uploading') {
    const refusal = await acceptBytes(asset, upload, auditor(by), parts);
    if (refusal) return refusal;
  }
  await Promise.race([parts.verify(asset.id), sleep(patienceMs, undefined, { ref: false })]);
  return outcome(upload, parts);
}

/** From here on the asset is pinned to the generation that was found. */
async function acceptBytes(
  asset: Asset,
  upload: Upload,
  audit: Auditor,
  parts: AdminParts,
): Promise<Refusal | undefined> {
  const { blobs, records } = parts;
  const found = await blobs.stat(asset.bucket, asset.object);
  if (!found)
    return refuse(
      'upload-incomplete',
      `The storage does not have all ${asset.size} bytes yet. Finish the upload, then complete it.`,
    );
  const { generation } = found;
  const blob = { bucket: asset.bucket, object: asset.object, generation };
  const failure = mismatch(asset, found);
  const expected = { state: asset.state, upload_id: upload.id, updated_at: asset.updated_at };
  const updated_at = parts.clock().toISOString();
  if (failure) {
    const back: Asset = { ...asset, state: 'created', failure, updated_at };
    const entry = audit('upload.fail', { kind: 'asset', id: asset.id }, asset, back);
    if (await records.changeAsset(back, expected, { ...upload, state: 'failed' }, [entry]))
      await blobs.remove(blob);
    return refuse('upload-mismatch', `${failure}. Start a new upload.`);
  }
  const { failure: _, ...rest } = asset;
  if (mustHash(asset)) {
    const verifying: Asset = { ...rest, state: 'verifying', generation, updated_at };
    const entry = audit('upload.complete', { kind: 'asset', id: asset.id }, asset, verifying);
    await records.changeAsset(verifying, expected, undefined, [entry]);
    return undefined;
  }
  const { etag, lastModified } = await blobs.validators(blob);
  const ready: Asset = {
    ...rest,
    state: 'ready',
    generation,
    checked: 'crc32c',
    etag,
    last_modified: lastModified.toISOString(),
    updated_at,
    ready_at: updated_at,
  };
  const entry = audit('upload.complete', { kind: 'asset', id: asset.id }, asset, ready);
  await records.changeAsset(ready, expected, { ...upload, state: 'done' }, [entry]);
  return undefined;
}

async function outcome({ id, asset_id }: Upload, { records }: AdminParts): Promise<Reply | Refusal> {
  const [upload, asset] = await Promise.all([records.upload(id), records.asset(asset_id)]);
  if (asset?.upload_id !== id)
    return refuse('upload-superseded', `Asset ${asset_id} has a newer upload meanwhile. Complete that one.`);
  if (upload && hasEnded(upload, asset)) return ended(upload, asset);
  return { status: asset.state === 'verifying' ? 202 : 200, body: asset };
}

/** The asset tells it as well, which is read later and is what a change insists on. */
function hasEnded({ state }: Upload, { failure }: Asset): boolean {
  return failure !== undefined || (state !== 'open' && state !== 'done');
}

function ended({ id, state }: Upload, { failure = `its upload is ${state}` }: Asset): Refusal {
  if (state === 'failed') return refuse('upload-mismatch', `${failure}. Start a new upload.`);
  return refuse('upload-over', `Upload ${id} has ended: ${failure}. Start a new one.`);
}
