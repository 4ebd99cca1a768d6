import { randomBytes, randomUUID } from 'node:crypto';
import type { Answer, NoAnswer } from './ask.ts';
import { said } from './ask.ts';
import { failed, type Outcome, passed } from './finding.ts';
import { objectsIn, probePrefix } from './json-api.ts';
import type { Storage } from './storage.ts';

/** An object for the other checks to fetch. */
export interface Probe {
  readonly object: string;
  readonly generation: string;
  readonly bytes: Buffer;
  /** Deletes it. */
  close(): Promise<void>;
}

/** Lists, writes, reads and deletes objects in the bucket, with the broker's own token. */
export async function checkBucket(storage: Storage): Promise<Outcome<Probe>> {
  const objects = objectsIn(storage);
  const listed = await objects.list();
  if (listed.status !== 200) return failed(refused(storage, 'asking for it', listed));

  const bytes = randomBytes(1_000);
  const object = `${probePrefix}${randomUUID()}/deleted`;
  const written = await objects.insert(object, bytes);
  if (written.status !== 200) return failed(refused(storage, `writing ${object}`, written));
  const read = await objects.read(object);
  const removed = await objects.remove(object);
  if (read.status !== 200) return failed(refused(storage, `reading ${object}`, read));
  if (!read.body.equals(bytes))
    return failed(`${object} was read with other bytes than were written; see what stands between`);
  if (removed.status !== 204) return failed(refused(storage, `deleting ${object}`, removed));

  return passed(
    `${storage.bucket} exists, and objects can be listed, written, read and deleted`,
    await writeProbe(storage, bytes),
  );
}

async function writeProbe(storage: Storage, bytes: Buffer): Promise<Probe> {
  const { insert, remove } = objectsIn(storage);
  const object = `${probePrefix}${randomUUID()}/probe`;
  const answer = await insert(object, bytes);
  if (answer.status !== 200) throw new Error(refused(storage, `writing ${object}`, answer));
  const { generation } = JSON.parse(answer.body.toString()) as { generation: string };
  return { object, generation, bytes, close: async () => void (await remove(object)) };
}

function refused({ kind, bucket, account }: Storage, doing: string, answer: Answer | NoAnswer): string {
  const what = `${bucket}: ${doing}: ${said(answer)}`;
  switch (answer.status) {
    case 401:
      return kind === 'local'
        ? `${what}; storage-token in BROKER_DATA_DIR is not the one that this storage was started with: start the broker anew`
        : `${what}; see that the service account is not disabled, and that the clock is right`;
    case 403:
      return `${what}; grant roles/storage.objectAdmin on gs://${bucket} to ${account}`;
    case 404:
      return `${what}; make it (gcloud storage buckets create gs://${bucket}), or correct BROKER_BUCKET`;
    default:
      return `${what}; try again, and look at BROKER_STORAGE_ENDPOINT and BROKER_BUCKET if it stays so`;
  }
}
