import type { Asset } from '../../boot/asset/asset.ts';
import type { AssetName } from '../../boot/asset/asset-name.ts';
import { assetTitle } from '../../boot/asset/asset-name.ts';
import { type Answer, type Api, accepted, allItems, problemName } from '../broker/api.ts';
import { type Patience, patience, repeatedly, type Waiting } from '../broker/patience.ts';
import type { Progress } from '../output/progress.ts';
import { bytes } from '../output/units.ts';
import { Failure } from '../verb/failure.ts';
import type { Digest } from './digest.ts';
import { sendFile } from './send-file.ts';
import { type Line, type SignedStart, startSession } from './session.ts';
import type { SourceFile } from './source-file.ts';
import { pushKey, type UnfinishedUploads } from './unfinished.ts';

export interface Job {
  readonly api: Api;
  readonly file: SourceFile;
  readonly digest: Digest;
  readonly name: AssetName;
  readonly type: string | undefined;
  readonly verify: string | undefined;
  readonly line: Line;
  readonly waiting: Waiting;
  readonly unfinished: UnfinishedUploads;
  readonly progress: Progress;
  clock(): Date;
}

/** `there`: the broker had these bytes before. `resumed_at`: how many bytes an earlier call had brought. */
export interface Pushed {
  readonly outcome: 'pushed' | 'there';
  readonly resumed_at: number;
  readonly asset: Asset;
}

/** Where a push stands before bytes flow. */
type Start =
  | { readonly kind: 'open'; readonly upload_id: string; readonly uri: string; readonly stored?: number }
  | { readonly kind: 'verifying'; readonly upload_id: string }
  | { readonly kind: 'there'; readonly asset: Asset };

/** Brings the file to the storage as an asset, beginning where an earlier call was interrupted. */
export async function push(job: Job): Promise<Pushed> {
  const key = keyOf(job);
  const patient = patience(job.waiting);
  for (;;) {
    const start = (await earlier(job, key)) ?? (await announce(job, key, patient));
    if (start.kind === 'there') return { outcome: 'there', resumed_at: 0, asset: start.asset };
    if (start.kind === 'verifying')
      return { outcome: 'there', resumed_at: 0, asset: await complete(job, key, start.upload_id) };
    const sent = await sendFile({
      ...job,
      uri: start.uri,
      stored: start.stored,
      patience: patience(job.waiting),
      onBytes: (done) => job.progress.at('sending', done, job.file.size),
    });
    if (sent.kind === 'complete') {
      const asset = await complete(job, key, start.upload_id);
      return { outcome: 'pushed', resumed_at: sent.began, asset };
    }
    await job.unfinished.forget(key);
    await patient.wait('the storage lost the upload session');
  }
}

/** What an earlier call left, if the broker still waits for it. */
async function earlier(job: Job, key: string): Promise<Start | undefined> {
  const found = await job.unfinished.find(key, job.clock());
  if (!found) return undefined;
  const answer = await repeatedly(job.waiting, () => job.api.get(`assets/${found.asset_id}`));
  const gone = !answer.ok && problemName(answer.problem) === 'unknown-asset';
  const asset = gone ? undefined : (accepted(answer) as Asset);
  const isOver = asset?.upload_id !== found.upload_id || asset.failure !== undefined;
  if (isOver || asset.state === 'retired') {
    await job.unfinished.forget(key);
    return undefined;
  }
  if (asset.state === 'ready') {
    await job.unfinished.forget(key);
    return { kind: 'there', asset };
  }
  if (asset.state === 'verifying') return { kind: 'verifying', upload_id: found.upload_id };
  return { kind: 'open', upload_id: found.upload_id, uri: found.session };
}

/** Announces the asset and starts a session for its bytes. */
async function announce(job: Job, key: string, patient: Patience): Promise<Start> {
  const { api, file, digest, name, type, verify } = job;
  const body = { ...name, size: file.size, ...digest, ...(type && { type }), ...(verify && { verify }) };
  for (;;) {
    const answer = await repeatedly(job.waiting, () => api.post('uploads', body));
    if (!answer.ok && problemName(answer.problem) === 'asset-exists') return existing(job, answer);
    const upload = accepted(answer) as { id: string; asset_id: string } & SignedStart;
    const begun = await startSession(upload, job.line);
    if (begun.kind === 'started') {
      const created_at = job.clock().toISOString();
      const ids = { upload_id: upload.id, asset_id: upload.asset_id };
      await job.unfinished.keep(key, { ...ids, session: begun.uri, created_at });
      return { kind: 'open', upload_id: upload.id, uri: begun.uri, stored: 0 };
    }
    const why = 'why' in begun ? begun.why : 'the storage started no session';
    if (begun.kind !== 'trouble')
      throw new Failure(
        'refused',
        `${why} when the upload was started; check the clocks of broker and storage`,
      );
    await patient.wait(why, begun.retryAfterSeconds);
  }
}

/** The asset is there already: fine if it is the same. */
async function existing(job: Job, refusal: Answer): Promise<Start> {
  const { kind, name, version, arch, filename } = job.name;
  const all = await allItems<Asset>(job.api, 'assets', { kind, name, version });
  const asset = all.find((one) => one.arch === arch && one.filename === filename);
  if (!asset) accepted(refusal);
  else if (!same(asset, job))
    throw new Failure(
      'refused',
      `${assetTitle(job.name)} exists with other bytes (${bytes(asset.size)}, crc32c ${asset.crc32c}); push this file under a new --version`,
    );
  else if (asset.state === 'ready') return { kind: 'there', asset };
  else if (asset.state === 'verifying') return { kind: 'verifying', upload_id: asset.upload_id };
  throw new Failure(
    'refused',
    `${assetTitle(job.name)} is ${asset?.state ?? 'not to be seen'}; push the file under a new --version`,
  );
}

function same(asset: Asset, { file, digest }: Job): boolean {
  return (
    asset.size === file.size &&
    asset.crc32c === digest.crc32c &&
    (asset.sha256 === undefined || asset.sha256 === digest.sha256)
  );
}

/** Tells the broker that the bytes are there, and waits while it hashes them. */
async function complete(job: Job, key: string, uploadId: string): Promise<Asset> {
  for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 1.5, 2000)) {
    const answer = await repeatedly(job.waiting, () => job.api.post(`uploads/${uploadId}/complete`));
    if (!answer.ok || answer.status !== 202) await job.unfinished.forget(key);
    const asset = accepted(answer) as Asset;
    if (answer.ok && answer.status !== 202) return asset;
    job.progress.at('verifying', asset.verified_bytes ?? 0, asset.size);
    await job.waiting.sleep(pauseMs, job.line.signal);
    job.line.signal.throwIfAborted();
  }
}

function keyOf({ api, name, file, digest, type, verify }: Job): string {
  return pushKey({ broker: api.origin, ...name, type, verify, size: file.size, ...digest });
}
