import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { UploadGrant } from '../blobs/blobs.ts';
import { digest } from '../blobs/digest.ts';
import { gcsBlobs } from '../blobs/gcs.ts';
import type { Answer, NoAnswer } from './ask.ts';
import { said } from './ask.ts';
import { failed, type Outcome, passed } from './finding.ts';
import { objectsIn, probePrefix } from './json-api.ts';
import type { NamedSigner } from './signers.ts';
import type { Storage } from './storage.ts';

/** Chunks that are not the last are multiples of it, in bytes (Cloud Storage, "Resumable uploads"). */
const chunk = 256 * 1024;
const ttlSeconds = 300;
const type = 'application/octet-stream';

/**
 * An upload as `asset push` makes it: started by a signature, sent in two chunks with a question between, compared with
 * what was sent, deleted. What is signed but not heeded is told; the broker does not rely on it.
 */
export async function checkUpload(
  storage: Storage,
  by: NamedSigner,
  clock: () => Date,
): Promise<Outcome<never>> {
  const { endpoint, bucket } = storage;
  const blobs = gcsBlobs({ endpoint, bucket, signer: by.signer, token: undefined, clock });
  const folder = `${probePrefix}${randomUUID()}`;
  const bytes = randomBytes(chunk + 1_000);
  const grantOf = (object: string) =>
    blobs.uploadGrant({ bucket, object, size: bytes.length, type }, { ttlSeconds });
  try {
    const grant = await grantOf(`${folder}/upload`);
    const trouble = await send(storage, grant, bytes, by);
    if (trouble) return failed(trouble);
    const different = await compare(storage, `${folder}/upload`, bytes);
    if (different) return failed(different);
    const heeded = [
      `x-goog-if-generation-match is ${await overwrites(storage, grant, bytes)}`,
      `x-upload-content-length is ${await takesOtherSize(storage, await grantOf(`${folder}/short`), bytes)}`,
    ];
    return passed(`started, sent in chunks, asked, finished, compared, deleted; ${heeded.join(', ')}`);
  } finally {
    await blobs.close();
    const { remove } = objectsIn(storage);
    await Promise.all(['upload', 'short'].map((name) => remove(`${folder}/${name}`)));
  }
}

/** Starts a session; its URI is a secret. */
async function start({ ask }: Storage, { url, headers }: UploadGrant) {
  const answer = await ask(url, { method: 'POST', headers });
  const location = answer.status === undefined ? undefined : answer.headers.location;
  return { answer, uri: answer.status === 201 && location ? new URL(location, url).href : undefined };
}

const put = ({ ask }: Storage, uri: string, range: string, body?: Buffer) =>
  ask(uri, { method: 'PUT', headers: { 'content-range': `bytes ${range}` }, ...(body && { body }) });

/** Undefined: all is sent. */
async function send(
  storage: Storage,
  grant: UploadGrant,
  bytes: Buffer,
  { signer: { identity } }: NamedSigner,
): Promise<string | undefined> {
  const { answer, uri } = await start(storage, grant);
  if (uri === undefined)
    return answer.status === 403
      ? `starting: ${said(answer)}; grant roles/storage.objectAdmin on gs://${storage.bucket} to the account behind ${identity} (BROKER_SIGNER)`
      : trouble('starting', answer);
  const total = bytes.length;
  const halfway = (answer: Answer | NoAnswer) =>
    answer.status === 308 && answer.headers.range === `bytes=0-${chunk - 1}`;
  const first = await put(storage, uri, `0-${chunk - 1}/${total}`, bytes.subarray(0, chunk));
  if (!halfway(first)) return trouble('sending the first chunk', first);
  const status = await put(storage, uri, `*/${total}`);
  if (!halfway(status)) return trouble('asking how much is stored', status);
  const last = await put(storage, uri, `${chunk}-${total - 1}/${total}`, bytes.subarray(chunk));
  if (last.status !== 200 && last.status !== 201) return trouble('sending the last chunk', last);
  return undefined;
}

async function compare(storage: Storage, object: string, bytes: Buffer): Promise<string | undefined> {
  const answer = await objectsIn(storage).stat(object);
  if (answer.status !== 200) return trouble('looking at what was uploaded', answer);
  const { size, crc32c } = JSON.parse(answer.body.toString()) as { size?: string; crc32c?: string };
  const sent = await digest(Readable.from([bytes]));
  return Number(size) === sent.size && crc32c === sent.crc32c
    ? undefined
    : 'the storage holds other bytes than were sent; see what stands between';
}

/** The same signature once more, for a name that holds something now. */
async function overwrites(storage: Storage, grant: UploadGrant, bytes: Buffer): Promise<string> {
  const { uri } = await start(storage, grant);
  if (uri === undefined) return 'respected at the start';
  const answer = await put(storage, uri, `0-${bytes.length - 1}/${bytes.length}`, bytes);
  return answer.status === 412
    ? 'respected at the end'
    : 'not respected: whoever holds a grant can replace what it uploaded, until it expires, and the broker then refuses to serve it';
}

/** Fewer bytes than were signed for. */
async function takesOtherSize(storage: Storage, grant: UploadGrant, bytes: Buffer): Promise<string> {
  const { uri } = await start(storage, grant);
  if (uri === undefined) return 'not tried';
  const size = bytes.length - 1;
  const answer = await put(storage, uri, `0-${size - 1}/${size}`, bytes.subarray(0, size));
  if (answer.status === 200 || answer.status === 201)
    return 'not respected: another size is found only when the broker hashes the bytes';
  await storage.ask(uri, { method: 'DELETE' });
  return 'respected';
}

function trouble(doing: string, answer: Answer | NoAnswer): string {
  return `${doing}: ${said(answer)}; assets cannot be pushed: see that BROKER_STORAGE_ENDPOINT is Cloud Storage and that nothing between changes requests`;
}
