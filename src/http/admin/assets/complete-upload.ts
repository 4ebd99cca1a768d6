import { setTimeout as sleep } from 'node:timers/promises';
import type { Auditor } from '../../../boot/access/audit.ts';
import { type Asset, mustHash } from '../../../boot/asset/asset.ts';
import { arrived, awaitsBytes, type Life } from '../../../boot/asset/asset-life.ts';
import { programWarnings } from '../../../boot/asset/program-warnings.ts';
import type { Upload } from '../../../boot/asset/upload.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { AdminParts } from '../parts.ts';
import type { Reply } from '../route.ts';
import { warned } from '../write/warnings.ts';

/** What to do about bytes, or headers, that are not the ones. */
const again = 'Push it again, which starts a new upload: bootbroker asset push';

/** How long `complete` waits for the bytes to be hashed before it says 202. */
const patienceMs = 5_000;

/** Checks the bytes that came against what was announced, and has them hashed if they must be. May be called again at any time. */
export async function completeUpload(
  id: string,
  audit: Auditor,
  parts: AdminParts,
): Promise<Reply | Refusal> {
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
  if (awaitsBytes(asset)) {
    const refusal = await acceptBytes({ asset, upload }, audit, parts);
    if (refusal) return refusal;
  }
  await Promise.race([parts.verify(asset.id), sleep(patienceMs, undefined, { ref: false })]);
  return outcome(upload, parts);
}

async function acceptBytes(life: Life, audit: Auditor, parts: AdminParts): Promise<Refusal | undefined> {
  const { blobs, records, clock } = parts;
  const { bucket, object, size } = life.asset;
  const found = await blobs.stat(bucket, object);
  if (!found)
    return refuse(
      'upload-incomplete',
      `The storage does not have all ${size} bytes yet. Finish the upload, then complete it.`,
    );
  const blob = { bucket, object, generation: found.generation };
  const validators = mustHash(life.asset) ? undefined : await blobs.validators(blob);
  const { changes, told, failure } = arrived(life, found, validators, clock());
  const written = await records.write(changes, [audit(...told)]);
  if (!failure) return undefined;
  if (written === 'written') await blobs.remove(blob);
  return refuse('upload-mismatch', `${failure}. ${again}`);
}

async function outcome({ id, asset_id }: Upload, { records }: AdminParts): Promise<Reply | Refusal> {
  const [upload, asset] = await Promise.all([records.upload(id), records.asset(asset_id)]);
  if (asset?.upload_id !== id)
    return refuse('upload-superseded', `Asset ${asset_id} has a newer upload meanwhile. Complete that one.`);
  if (upload && hasEnded(upload, asset)) return ended(upload, asset);
  return warned({ status: asset.state === 'verifying' ? 202 : 200, body: asset }, programWarnings(asset));
}

/** The asset tells it as well, which is read later and is what a change insists on. */
function hasEnded({ state }: Upload, { failure }: Asset): boolean {
  return failure !== undefined || (state !== 'open' && state !== 'done');
}

function ended({ id, state }: Upload, { failure = `its upload is ${state}` }: Asset): Refusal {
  if (state === 'failed') return refuse('upload-mismatch', `${failure}. ${again}`);
  return refuse('upload-over', `Upload ${id} has ended: ${failure}. Start a new one.`);
}
