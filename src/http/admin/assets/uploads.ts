import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import type { Auditor } from '../../../boot/access/audit.ts';
import { announced } from '../../../boot/asset/asset-life.ts';
import { startLifeMs } from '../../../boot/asset/upload.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import type { newUpload } from '../../../boot/schema/upload.ts';
import type { AdminParts } from '../parts.ts';
import type { Reply } from '../route.ts';
import { commit } from '../write/commit.ts';

/** Announces an asset and hands out the capability under which its bytes may come: a signed URL, or a session's URI. */
export async function startUpload(
  wanted: z.output<typeof newUpload>,
  { localAddress, audit }: { readonly localAddress: string | undefined; readonly audit: Auditor },
  parts: AdminParts,
): Promise<Reply | Refusal> {
  const { records, bucket, clock } = parts;
  const { mode } = wanted;
  const made = { assetId: randomUUIDv7(), uploadId: randomUUIDv7(), bucket, now: clock() };
  const origin = parts.storageOrigin(localAddress);
  let grant: object | undefined;
  return commit(async () => {
    const step = announced(wanted, await records.namedAsset(wanted), made);
    if (isRefusal(step)) return step;
    const { object, size, type } = step.asset;
    const blob = { bucket, object, size, type };
    if (mode === 'signed') grant ??= await signature(blob, origin, parts);
    const { id, asset_id, expires_at } = step.upload;
    return {
      changes: step.changes,
      audit: [audit(...step.told)],
      // Recorded first: a session that nobody knows of could not expire. Should starting it fail, the next upload takes over.
      reply: async () => ({
        status: 201,
        headers: { Location: `/api/v1/uploads/${id}` },
        body: { id, asset_id, mode, ...(grant ?? (await session(blob, origin, parts))), expires_at },
      }),
    };
  }, parts);
}

/** Gives an open upload up, and with it bytes that are being hashed. */
export async function abortUpload(id: string, audit: Auditor, parts: AdminParts): Promise<Reply | Refusal> {
  const known = await parts.records.upload(id);
  if (known) await parts.abort(known, audit);
  const upload = await parts.records.upload(id);
  if (!upload) return refuse('unknown-upload', `There is no upload ${id}.`);
  if (upload.state === 'aborted') return { status: 200, body: upload };
  const hint = upload.state === 'done' ? ' To take its asset out of use: bootbroker asset retire' : '';
  return refuse('upload-over', `Upload ${id} is ${upload.state}.${hint}`);
}

type NewBlob = Parameters<AdminParts['blobs']['startSession']>[0];

async function signature(blob: NewBlob, origin: string | undefined, { blobs }: AdminParts) {
  const options = { ttlSeconds: startLifeMs / 1000, ...(origin && { origin }) };
  const { url, headers } = await blobs.uploadGrant(blob, options);
  return { signed_url: url, method: 'POST', headers };
}

/** The URI lets its holder write the object: it is in this answer and nowhere else. */
async function session(blob: NewBlob, origin: string | undefined, { blobs }: AdminParts) {
  const uri = await blobs.startSession(blob, origin ? { origin } : {});
  if (uri === undefined) throw new Error(`${blob.object} is there although its name was never used`);
  return { session_uri: uri, method: 'PUT', headers: {} };
}
