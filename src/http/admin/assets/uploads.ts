import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import type { Actor } from '../../../boot/access/actor.ts';
import { type Asset, assetTitle, contentType, fileName, objectName } from '../../../boot/asset.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { newUpload } from '../../../boot/schema/upload.ts';
import { sessionLifeMs, type Upload } from '../../../boot/upload.ts';
import type { AdminParts } from '../parts.ts';
import type { Reply } from '../route.ts';
import { audited, auditor } from '../write/audit-entry.ts';

/** To start the session. Once started it lives on for a week, whatever became of the signature (Google: resumable uploads). */
const uploadUrlTtlSeconds = 3600;

/** Announces an asset and hands out the capability under which its bytes may come: a signed URL, or a session's URI. */
export async function startUpload(
  announced: z.output<typeof newUpload>,
  { localAddress, by }: { readonly localAddress: string | undefined; readonly by: Actor },
  parts: AdminParts,
): Promise<Reply | Refusal> {
  const { kind, name, version, arch, size, crc32c, sha256, verify, mode } = announced;
  const now = parts.clock();
  const id = randomUUIDv7();
  const type = announced.type ?? contentType(kind);
  const object = objectName(id, fileName({ kind, name, version, arch }));
  const created_at = now.toISOString();
  const lifeMs = mode === 'signed' ? uploadUrlTtlSeconds * 1000 : sessionLifeMs;
  const expires_at = new Date(now.getTime() + lifeMs).toISOString();
  const asset: Asset = {
    id: randomUUIDv7(),
    upload_id: id,
    bucket: parts.bucket,
    object,
    kind,
    name,
    version,
    arch,
    size,
    crc32c,
    ...(sha256 && { sha256 }),
    ...(verify === 'full' && { verify }),
    type,
    state: mode === 'signed' ? 'created' : 'uploading',
    created_at,
    updated_at: created_at,
  };
  const upload: Upload = { id, asset_id: asset.id, object, mode, state: 'open', expires_at, created_at };
  const blob = { bucket: parts.bucket, object, size, type };
  const origin = parts.storageOrigin(localAddress);
  const grant = mode === 'signed' && (await signature(blob, origin, parts));
  const created = await parts.records.createUpload(upload, asset, [
    audited(by, 'upload.create', { kind: 'upload', id }, undefined, { ...upload, asset }),
  ]);
  if (created.kind === 'asset-exists')
    return refuse(
      'asset-exists',
      `${assetTitle(created.asset)} is ${created.asset.state} (asset ${created.asset.id}). Assets never change: take a new version.`,
    );
  // Recorded first: a session that nobody knows of could not expire. Should starting it fail, the next upload takes over.
  const capability = grant || (await session(blob, origin, parts));
  return {
    status: 201,
    headers: { Location: `/api/v1/uploads/${id}` },
    body: { id, asset_id: created.asset.id, mode, ...capability, expires_at },
  };
}

/** How often an abort is tried while its asset changes, as it does each time the hashing tells how far it is. */
const abortTries = 5;

/** Gives an open upload up, and with it bytes that are being hashed. */
export async function abortUpload(id: string, by: Actor, parts: AdminParts): Promise<Reply | Refusal> {
  let upload = await parts.records.upload(id);
  for (let tries = 0; upload?.state === 'open' && tries < abortTries; tries += 1) {
    await parts.abort(upload, auditor(by));
    upload = await parts.records.upload(id);
  }
  if (!upload) return refuse('unknown-upload', `There is no upload ${id}.`);
  if (upload.state === 'aborted') return { status: 200, body: upload };
  const hint = upload.state === 'done' ? ' To take its asset out of use: bootbroker asset retire' : '';
  return refuse('upload-over', `Upload ${id} is ${upload.state}.${hint}`);
}

type NewBlob = Parameters<AdminParts['blobs']['startSession']>[0];

async function signature(blob: NewBlob, origin: string | undefined, { blobs }: AdminParts) {
  const options = { ttlSeconds: uploadUrlTtlSeconds, ...(origin && { origin }) };
  const { url, headers } = await blobs.uploadGrant(blob, options);
  return { signed_url: url, method: 'POST', headers };
}

/** Whoever has the URI may write the object: it is in this answer and nowhere else. */
async function session(blob: NewBlob, origin: string | undefined, { blobs }: AdminParts) {
  const uri = await blobs.startSession(blob, origin ? { origin } : {});
  if (uri === undefined) throw new Error(`${blob.object} is there although its name was never used`);
  return { session_uri: uri, method: 'PUT', headers: {} };
}
