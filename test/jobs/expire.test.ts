import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import type { Upload } from '../../src/boot/asset/upload.ts';
import { abandonUpload, expireUploads } from '../../src/jobs/abandon.ts';
import type { JobParts } from '../../src/jobs/parts.ts';
import { changeAsset } from '../records/writing.ts';
import {
  announce,
  announcement,
  type Broker,
  byBroker,
  expectStatus,
  push,
  recorder,
  send,
  startBroker,
} from '../support/broker.ts';

const test = anyTest as TestFn;
let broker: Broker;
test.before(async () => {
  broker = await startBroker();
});
test.after.always(() => broker?.close());

const dayMs = 24 * 3600 * 1000;
const hourMs = 3600 * 1000;
const never = new AbortController().signal;

const partsAt = (ms: number, changes: Partial<JobParts> = {}): JobParts => ({
  ...broker.parts,
  clock: () => new Date(Date.now() + ms),
  log: recorder([]),
  audit: byBroker,
  ...changes,
});

let last = 0;
const bytes = randomBytes(5_000);
const newAsset = () => {
  last += 1;
  return { kind: 'kernel', name: `e-${last}`, bytes } as const;
};
async function bySession(asset: ReturnType<typeof newAsset>) {
  const body = { ...announcement(asset), mode: 'session' };
  return expectStatus(await broker.admin('/api/v1/uploads', body), 201).json;
}
const found = async (upload: { id: string; asset_id: string }) => {
  const { records, blobs } = broker.parts;
  const [record, asset] = await Promise.all([records.upload(upload.id), records.asset(upload.asset_id)]);
  if (!record || !asset) throw new Error('the upload is not on record');
  return { record, asset, object: await blobs.stat(asset.bucket, record.object) };
};

test.serial('an upload expires when no byte of it can come any more, and not before', async (t) => {
  const [signed, session] = [await announce(broker, newAsset()), await bySession(newAsset())];
  const states = async () => [(await found(signed)).record.state, (await found(session)).record.state];
  t.is(await expireUploads(partsAt(7 * dayMs - hourMs), never), 0);
  t.deepEqual(await states(), ['open', 'open']);
  // A session that the signed URL started in its last minute lives for a week from then.
  t.is(await expireUploads(partsAt(7 * dayMs + hourMs / 2), never), 1);
  t.deepEqual(await states(), ['open', 'expired']);
  t.is(await expireUploads(partsAt(7 * dayMs + 2 * hourMs), never), 1);
  t.deepEqual(await states(), ['expired', 'expired']);
  t.is(await expireUploads(partsAt(30 * dayMs), never), 0);
  for (const upload of [signed, session]) {
    const { asset } = await found(upload);
    t.like(asset, { state: 'created', failure: 'its upload is expired' });
    const { status, json } = await broker.admin(`/api/v1/uploads/${upload.id}/complete`, {});
    t.deepEqual([status, json.type], [409, 'urn:bootbroker:problem:upload-over']);
  }
});

test.serial('what nobody completed is deleted, and the same asset can be pushed anew', async (t) => {
  const asset = newAsset();
  const upload = await announce(broker, asset);
  await send(upload, bytes);
  t.truthy((await found(upload)).object);
  await expireUploads(partsAt(8 * dayMs), never);
  t.is((await found(upload)).object, undefined);
  t.like(await push(broker, asset), { id: upload.asset_id, state: 'ready' });
});

test.serial(
  'what was completed is never touched, hashed or not, nor what was superseded’s heir',
  async (t) => {
    const ready = await push(broker, newAsset());
    const hashed = await announce(broker, newAsset());
    await send(hashed, bytes);
    const { asset, object } = await found(hashed);
    await changeAsset(
      broker.parts.records,
      { ...asset, state: 'verifying', generation: String(object?.generation) },
      { state: 'created', upload_id: hashed.id },
    );
    const again = newAsset();
    const superseded = await announce(broker, again);
    await send(superseded, bytes);
    const heir = await push(broker, again);
    t.is(await expireUploads(partsAt(8 * dayMs), never), 1);
    const { records, blobs } = broker.parts;
    t.deepEqual(await records.asset(ready.id), ready);
    t.deepEqual(await records.asset(heir.id), heir);
    t.is((await found(hashed)).record.state, 'open');
    t.truthy((await found(hashed)).object);
    t.is((await found(superseded)).record.state, 'expired');
    t.is((await found(superseded)).object, undefined);
    t.truthy(await blobs.stat(heir.bucket, heir.object));
    t.is((await broker.admin(`/api/v1/uploads/${hashed.id}/complete`, {})).json.state, 'ready');
  },
);

test.serial('of a completion and an expiry that meet one happens, whole', async (t) => {
  const outcomes = new Set<string>();
  for (let round = 0; round < 30; round++) {
    const asset = newAsset();
    const upload = await announce(broker, asset);
    await send(upload, bytes);
    const complete = () => broker.admin(`/api/v1/uploads/${upload.id}/complete`, {});
    const wait = async (turns: number) => {
      for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
    };
    const expire = async () => {
      await wait(round * 4);
      return expireUploads(partsAt(8 * dayMs), never);
    };
    const [{ status }] = await Promise.all([complete(), expire()]);
    const { asset: now, object, record } = await found(upload);
    outcomes.add(now.state);
    if (status === 200) t.like([now.state, record.state, typeof object], ['ready', 'done', 'object']);
    else t.like([status, now.state, record.state, object], [409, 'created', 'expired', undefined]);
  }
  t.log(`${[...outcomes].join(' and ')}`);
});

test.serial('a completion that read the asset before it expired does not bring it back', async (t) => {
  const { records, blobs } = broker.parts;
  const upload = await announce(broker, newAsset());
  await send(upload, bytes);
  const slow = await startBroker({
    replace: () => ({
      records,
      blobs: {
        ...blobs,
        stat: async (...asked) => {
          const seen = await blobs.stat(...asked);
          await expireUploads(partsAt(8 * dayMs), never);
          return seen;
        },
      },
    }),
  });
  t.teardown(slow.close);
  const { status } = await slow.admin(`/api/v1/uploads/${upload.id}/complete`, {});
  const { asset, record, object } = await found(upload);
  t.deepEqual([status, asset.state, record.state, object], [409, 'created', 'expired', undefined]);
});

test.serial(
  'a storage that is down leaves the rest for the next round, and the record says what is so',
  async (t) => {
    const upload = await announce(broker, newAsset());
    await send(upload, bytes);
    const lines: { readonly level?: unknown }[] = [];
    const blobs = { ...broker.parts.blobs, stat: () => Promise.reject(new Error('gone')) };
    t.is(await expireUploads(partsAt(8 * dayMs, { blobs, log: recorder(lines as never) }), never), 0);
    t.like(lines[0], { level: 'warn', upload: upload.id });
    // Its bytes are an orphan's now: garbage collection finds them.
    t.is((await found(upload)).record.state, 'expired');
  },
);

test.serial('an upload that has ended, or whose asset is gone, is not ended once more', async (t) => {
  const upload = await announce(broker, newAsset());
  const { record } = await found(upload);
  const parts = partsAt(0);
  t.true(await abandonUpload(record, 'aborted', parts));
  t.false(await abandonUpload(record, 'expired', parts));
  t.is((await found(upload)).record.state, 'aborted');
  const lost: Upload = { ...record, asset_id: 'nobody' };
  t.false(await abandonUpload(lost, 'expired', parts));
});
