import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { type Asset, contentType, fileName, mismatch, objectName } from '../boot/asset.ts';
import { type Refusal, refuse } from '../boot/problem.ts';
import type { Upload } from '../boot/upload.ts';
import type { AdminParts } from './parts.ts';
import type { Reply } from './route.ts';
import type { newUpload } from './schemas.ts';

/** To start the session. Once started it lives on for a week, whatever became of the signature (Google: resumable uploads). */
const uploadUrlTtlSeconds = 3600;
/** How long `complete` waits for the bytes to be hashed before it says 202. */
const patienceMs = 5_000;

/** Announces an asset and hands out the signature under which its bytes may come. */
export async function startUpload(
  announced: z.output<typeof newUpload>,
  localAddress: string | undefined,
  parts: AdminParts,
): Promise<Reply | Refusal> {
  const { kind, name, version, arch, size, crc32c, sha256 } = announced;
  const now = parts.clock();
  const uploadId = randomUUIDv7();
  const type = announced.type ?? contentType(kind);
  const object = objectName(uploadId, fileName({ kind, name, version, arch }));
  const expires_at = new Date(now.getTime() + uploadUrlTtlSeconds * 1000).toISOString();
  const created_at = now.toISOString();
  const asset: Asset = {
    id: randomUUIDv7(),
    upload_id: uploadId,
    bucket: parts.bucket,
    object,
    kind,
    name,
    version,
    arch,
    size,
    crc32c,
    ...(sha256 && { sha256 }),
    type,
    state: 'created',
    created_at,
    updated_at: created_at,
  };
  const upload: Upload = { id: uploadId, asset_id: asset.id, object, state: 'open', expires_at, created_at };
  const origin = parts.storageOrigin(localAddress);
  const grant = await parts.blobs.uploadGrant(
    { bucket: parts.bucket, object, size, type },
    { ttlSeconds: uploadUrlTtlSeconds, ...(origin && { origin }) },
  );
  const created = await parts.records.createUpload(upload, asset);
  if (created.kind === 'asset-exists')
    return refuse(
      'asset-exists',
      `${kind} ${name}@${version} for ${arch} is ${created.asset.state} (asset ${created.asset.id}). Assets never change: take a new version.`,
    );
  return {
    status: 201,
    headers: { Location: `/api/v1/uploads/${uploadId}` },
    body: {
      id: uploadId,
      asset_id: created.asset.id,
      signed_url: grant.url,
      method: 'POST',
      headers: grant.headers,
      expires_at,
    },
  };
}

/** Checks the bytes that came against what was announced, and has them hashed. May be called again at any time. */
export async function completeUpload(id: string, parts: AdminParts): Promise<Reply | Refusal> {
  const { records } = parts;
  const upload = await records.upload(id);
  const asset = upload && (await records.asset(upload.asset_id));
  if (!upload || !asset) return refuse('unknown-upload', `There is no upload ${id}.`);
  if (asset.upload_id !== id)
    return refuse(
      'upload-superseded',
      `Asset ${asset.id} has a newer upload, ${asset.upload_id}. Complete that one.`,
    );
  if (upload.state === 'failed')
    return refuse('upload-mismatch', `${asset.failure ?? 'The bytes differ'}. Start a new upload.`);
  if (asset.state === 'created' || asset.state === 'uploading') {
    const refusal = await acceptBytes(asset, upload, parts);
    if (refusal) return refusal;
  }
  await Promise.race([parts.verify(asset.id), sleep(patienceMs, undefined, { ref: false })]);
  return outcome(id, asset.id, parts);
}

/** From here on the asset is pinned to the generation that was found. */
async function acceptBytes(asset: Asset, upload: Upload, parts: AdminParts): Promise<Refusal | undefined> {
  const found = await parts.blobs.stat(asset.bucket, asset.object);
  if (!found)
    return refuse(
      'upload-incomplete',
      `The storage does not have all ${asset.size} bytes yet. Finish the upload, then complete it.`,
    );
  const failure = mismatch(asset, found);
  const expected = { state: asset.state, upload_id: upload.id };
  const updated_at = parts.clock().toISOString();
  if (!failure) {
    const { failure: _, ...rest } = asset;
    await parts.records.changeAsset(
      { ...rest, state: 'verifying', generation: found.generation, updated_at },
      expected,
    );
    return undefined;
  }
  if (
    await parts.records.changeAsset({ ...asset, failure, updated_at }, expected, {
      ...upload,
      state: 'failed',
    })
  )
    await parts.blobs.remove({ bucket: asset.bucket, object: asset.object, generation: found.generation });
  return refuse('upload-mismatch', `${failure}. Start a new upload.`);
}

async function outcome(id: string, assetId: string, { records }: AdminParts): Promise<Reply | Refusal> {
  const asset = await records.asset(assetId);
  if (asset?.upload_id !== id)
    return refuse('upload-superseded', `Asset ${assetId} has a newer upload meanwhile. Complete that one.`);
  if (asset.failure) return refuse('upload-mismatch', `${asset.failure}. Start a new upload.`);
  return { status: asset.state === 'verifying' ? 202 : 200, body: asset };
}
