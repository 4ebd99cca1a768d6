import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Asset } from '../../../src/boot/asset/asset.ts';
import { every } from '../../../src/records/records.ts';
import { fileSecret } from '../../../src/secrets.ts';
import { changeAsset } from '../../records/writing.ts';
import {
  announce,
  announcement,
  type Broker,
  brokerFor,
  crc,
  expectStatus,
  type NewAsset,
  push,
  send,
  sha256,
  startBroker,
} from '../../support/broker.ts';
import { problem } from '../site.ts';

const test = anyTest as TestFn;
let broker: Broker;
test.before(async () => {
  broker = await startBroker();
});
test.after.always(() => broker?.close());

const complete = (id: string) => broker.admin(`/api/v1/uploads/${id}/complete`, {});
const assetOf = async (id: string): Promise<Asset> =>
  expectStatus(await broker.admin(`/api/v1/assets/${id}`), 200).json;

let last = 0;
const someAsset = (): NewAsset => {
  last += 1;
  return { kind: 'kernel', name: `asset-${last}`, bytes: randomBytes(50_000) };
};

test('an upload is announced, sent under its signature and completed; then the asset is ready', async (t) => {
  const asset = someAsset();
  const { status, headers, json } = await broker.admin('/api/v1/uploads', announcement(asset));
  t.is(status, 201);
  t.is(headers.location, `/api/v1/uploads/${json.id}`);
  t.is(json.method, 'POST');
  t.like(json.headers, { 'x-goog-resumable': 'start', 'content-type': 'application/octet-stream' });
  t.regex(json.expires_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.is((await assetOf(json.asset_id)).state, 'created');
  await send(json, asset.bytes);
  const done = await complete(json.id);
  t.is(done.status, 200);
  t.like(done.json, {
    id: json.asset_id,
    state: 'ready',
    size: 50_000,
    crc32c: crc(asset.bytes),
    sha256: sha256(asset.bytes),
  });
  t.regex(done.json.object, new RegExp(`^assets/${json.id}/`));
  t.deepEqual((await complete(json.id)).json, done.json);
});

test('the broker hashes by itself: an asset that was announced without sha256 gets one', async (t) => {
  const asset = someAsset();
  const { sha256: wanted, ...rest } = announcement(asset) as ReturnType<typeof announcement>;
  const upload = expectStatus(await broker.admin('/api/v1/uploads', rest), 201).json;
  await send(upload, asset.bytes);
  t.is((await complete(upload.id)).json.sha256, wanted);
});

test('to complete before the bytes are there is too early, and spoils nothing', async (t) => {
  const asset = someAsset();
  const upload = await announce(broker, asset);
  const early = await complete(upload.id);
  t.deepEqual([early.status, early.json.type], [409, problem('upload-incomplete')]);
  await send(upload, asset.bytes);
  t.is((await complete(upload.id)).json.state, 'ready');
});

const wrong: Readonly<Record<string, (asset: NewAsset) => Record<string, unknown>>> = {
  crc32c: () => ({ crc32c: 'AAAAAA==' }),
  sha256: () => ({ sha256: '0'.repeat(64) }),
};
for (const [what, announced] of Object.entries(wrong))
  test(`bytes of another ${what} never become ready; a new upload of the same name does`, async (t) => {
    const asset = someAsset();
    const upload = await announce(broker, { ...asset, announced: announced(asset) });
    await send(upload, asset.bytes);
    for (const _ of ['at first', 'and for good']) {
      const { status, json } = await complete(upload.id);
      t.deepEqual([status, json.type], [409, problem('upload-mismatch')]);
      t.true(json.detail.startsWith(`${what} is `));
    }
    const failed = await assetOf(upload.asset_id);
    t.is(failed.state, 'created');
    t.truthy(failed.failure);
    t.is((await broker.admin('/api/v1/profiles', { name: 'p', kernel: `${asset.name}@1` })).status, 422);
    t.is(await broker.parts.blobs.stat(failed.bucket, failed.object), undefined);

    const again = await push(broker, asset);
    t.is(again.id, upload.asset_id);
    t.is(again.failure, undefined);
    t.is((await complete(upload.id)).json.type, problem('upload-superseded'));
  });

test('the storage itself takes neither more nor fewer bytes, nor another type, than were announced', async (t) => {
  const asset = someAsset();
  const upload = await announce(broker, asset);
  for (const bytes of [asset.bytes.subarray(1), Buffer.concat([asset.bytes, asset.bytes])])
    await t.throwsAsync(send(upload, bytes));
  const headers = { ...upload.headers, 'content-type': 'text/html' };
  await t.throwsAsync(send({ ...upload, headers }, asset.bytes));
  t.is((await complete(upload.id)).json.type, problem('upload-incomplete'));
});

test('bytes that were replaced behind our back by others of another size or type are found out', async (t) => {
  const { parts, config } = broker;
  for (const [size, type] of [
    [49_999, 'application/octet-stream'],
    [50_000, 'text/html'],
  ] as const) {
    const asset = someAsset();
    const upload = await announce(broker, asset);
    const { object } = await assetOf(upload.asset_id);
    const grant = await parts.blobs.uploadGrant(
      { bucket: config.bucket, object, size, type },
      { ttlSeconds: 60 },
    );
    await send({ signed_url: grant.url, headers: grant.headers }, asset.bytes.subarray(0, size));
    t.is((await complete(upload.id)).json.type, problem('upload-mismatch'));
    t.is((await assetOf(upload.asset_id)).state, 'created');
  }
});

const startSession = async (asset: NewAsset) => {
  const body = { ...announcement(asset), mode: 'session' };
  return expectStatus(await broker.admin('/api/v1/uploads', body), 201).json;
};
const put = (uri: string, bytes: Buffer, headers: Record<string, string> = {}) =>
  fetch(uri, { method: 'PUT', body: new Uint8Array(bytes), headers });

test('the broker opens the session itself when asked, and the bytes go straight there', async (t) => {
  const asset = { ...someAsset(), bytes: randomBytes(300_000) };
  const upload = await startSession(asset);
  t.like(upload, { mode: 'session', method: 'PUT', headers: {}, signed_url: undefined });
  t.is((await assetOf(upload.asset_id)).state, 'uploading');
  const days = (Date.parse(upload.expires_at) - Date.now()) / (24 * 3600 * 1000);
  t.true(days > 6.9 && days < 7.1);
  const half = 2 ** 18;
  const range = (from: number, to: number) => ({ 'Content-Range': `bytes ${from}-${to - 1}/300000` });
  const first = await put(upload.session_uri, asset.bytes.subarray(0, half), range(0, half));
  t.deepEqual([first.status, first.headers.get('range')], [308, `bytes=0-${half - 1}`]);
  t.is((await complete(upload.id)).json.type, problem('upload-incomplete'));
  t.is((await put(upload.session_uri, asset.bytes.subarray(half), range(half, 300_000))).status, 200);
  t.like((await complete(upload.id)).json, {
    state: 'ready',
    sha256: sha256(asset.bytes),
    checked: 'sha256',
  });
  const { json } = await broker.admin(`/api/v1/uploads/${upload.id}`);
  t.like(json, { id: upload.id, asset_id: upload.asset_id, mode: 'session', state: 'done' });
  const told = JSON.stringify([broker.log, json, (await broker.admin('/api/v1/uploads')).json]);
  t.false(told.includes(new URL(upload.session_uri).searchParams.get('upload_id') ?? upload.session_uri));
});

test('a session takes neither more nor fewer bytes than were announced, nor a second object', async (t) => {
  const asset = someAsset();
  const { session_uri, id } = await startSession(asset);
  for (const bytes of [asset.bytes.subarray(1), Buffer.concat([asset.bytes, Buffer.alloc(1)])])
    t.is((await put(session_uri, bytes)).status, 400);
  t.is((await complete(id)).json.type, problem('upload-incomplete'));
  t.is((await put(session_uri, asset.bytes)).status, 200);
  t.is((await complete(id)).json.state, 'ready');
});

test('what does not boot is ready by size and crc32c, unless it is to be verified in full', async (t) => {
  const bytes = randomBytes(20_000);
  const { sha256: _, ...rootfs } = announcement({ kind: 'rootfs', name: 'levels', bytes });
  const readyOf = async (body: object) => {
    const upload = expectStatus(await broker.admin('/api/v1/uploads', body), 201).json;
    await send(upload, bytes);
    return (await complete(upload.id)).json;
  };
  const quick = await readyOf(rootfs);
  t.like(quick, { state: 'ready', checked: 'crc32c', sha256: undefined, verify: undefined });
  const full = await readyOf({ ...rootfs, kind: 'file', verify: 'full' });
  t.like(full, { state: 'ready', checked: 'sha256', sha256: sha256(bytes), verify: 'full' });
  t.deepEqual([typeof quick.etag, typeof quick.last_modified], [typeof full.etag, typeof full.last_modified]);
  t.truthy(quick.generation);
  t.is((await broker.parts.records.upload(quick.upload_id))?.state, 'done');
  for (const kind of ['kernel', 'initrd', 'efi', 'iso']) {
    const refused = await broker.admin('/api/v1/uploads', { ...rootfs, kind, verify: 'checksum' });
    t.deepEqual([refused.status, refused.json.detail.includes('verify')], [400, true], kind);
  }
  const wrong = { ...rootfs, version: '2', crc32c: 'AAAAAA==' };
  const upload = expectStatus(await broker.admin('/api/v1/uploads', wrong), 201).json;
  await send(upload, bytes);
  t.is((await complete(upload.id)).json.type, problem('upload-mismatch'));
});

test('an upload that is aborted is over: its bytes are gone, and a new one may come', async (t) => {
  const abort = (id: string) => broker.admin(`/api/v1/uploads/${id}`, undefined, { method: 'DELETE' });
  const asset = someAsset();
  const upload = await announce(broker, asset);
  await send(upload, asset.bytes);
  const { bucket, object } = await assetOf(upload.asset_id);
  t.truthy(await broker.parts.blobs.stat(bucket, object));
  for (const _ of ['once', 'and again'])
    t.like((await abort(upload.id)).json, { id: upload.id, state: 'aborted' });
  t.is(await broker.parts.blobs.stat(bucket, object), undefined);
  t.like(await assetOf(upload.asset_id), { state: 'created', failure: 'its upload is aborted' });
  t.is((await complete(upload.id)).json.type, problem('upload-over'));
  const { id } = await push(broker, asset);
  t.is(id, upload.asset_id);
  t.is((await abort((await assetOf(id)).upload_id)).json.type, problem('upload-over'));
  t.is((await assetOf(id)).state, 'ready');
  t.is((await abort('nothing')).json.type, problem('unknown-upload'));
});

/** A broker of the same stores, in which somebody else changes an asset whenever it was read, so many times. */
async function startBusy(): Promise<Broker & { change(times: number): void }> {
  const { records, blobs } = broker.parts;
  let changes = 0;
  const busy = await startBroker({
    replace: () => ({
      blobs,
      records: {
        ...records,
        asset: async (id) => {
          const asset = await records.asset(id);
          if (asset && changes-- > 0) {
            const { state, upload_id, updated_at } = asset;
            const later = new Date(Date.parse(updated_at) + 1).toISOString();
            await changeAsset(records, { ...asset, updated_at: later }, { state, upload_id });
          }
          return asset;
        },
      },
    }),
  });
  const change = (times: number) => {
    changes = times;
  };
  return { ...busy, change };
}

test('an upload is aborted although its asset changes at every moment, as it is hashed', async (t) => {
  const busy = await startBusy();
  t.teardown(busy.close);
  busy.change(7);
  const upload = await announce(broker, someAsset());
  const aborted = await busy.admin(`/api/v1/uploads/${upload.id}`, undefined, { method: 'DELETE' });
  t.like(aborted.json, { id: upload.id, state: 'aborted' });
});

test('an asset is retired and taken back although it changes at every moment: who names no version is not refused', async (t) => {
  const busy = await startBusy();
  t.teardown(busy.close);
  const { id } = await push(broker, someAsset());
  for (const [what, state] of [
    ['retire', 'retired'],
    ['unretire', 'ready'],
  ] as const) {
    busy.change(7);
    const { status, json } = await busy.admin(`/api/v1/assets/${id}/${what}`, {});
    t.deepEqual([status, json.state], [200, state]);
    t.like(await broker.parts.records.asset(id), { state });
  }
});

test('every change of an upload and its asset is told to the audit, and nothing in it opens anything', async (t) => {
  const asset = someAsset();
  const { id, asset_id, session_uri } = await startSession(asset);
  await put(session_uri, asset.bytes);
  await complete(id);
  for (const what of ['retire', 'unretire']) await broker.admin(`/api/v1/assets/${asset_id}/${what}`, {});
  const audit = await Array.fromAsync(every((page) => broker.parts.records.listAudit(page)));
  const told = audit.filter(({ target }) => target?.id === id || target?.id === asset_id);
  t.deepEqual(
    told.map(({ action, actor }) => [action, actor.kind]),
    [
      ['upload.create', 'bootstrap'],
      ['upload.complete', 'bootstrap'],
      ['asset.ready', 'broker'],
      ['asset.retire', 'bootstrap'],
      ['asset.unretire', 'bootstrap'],
    ],
  );
  t.notRegex(JSON.stringify(told), /session_uri|signed_url|X-Goog|upload_id=/);
});

test('completing from several places at once makes one ready asset', async (t) => {
  const asset = someAsset();
  const upload = await announce(broker, asset);
  await send(upload, asset.bytes);
  const answers = await Promise.all([1, 2, 3, 4].map(() => complete(upload.id)));
  t.deepEqual(
    answers.map(({ status, json }) => [status, json.state, json.ready_at]),
    Array(4).fill([200, 'ready', answers[0]?.json.ready_at]),
  );
});

test('a newer upload of the same name takes the place of the one before', async (t) => {
  const asset = someAsset();
  const [first, second] = [await announce(broker, asset), await announce(broker, asset)];
  t.is(first.asset_id, second.asset_id);
  await send(first, asset.bytes);
  t.deepEqual((await complete(first.id)).json.type, problem('upload-superseded'));
  await send(second, asset.bytes);
  t.is((await complete(second.id)).json.state, 'ready');
});

test('announced from several places at once, one asset is made, of the upload that came last', async (t) => {
  const asset = someAsset();
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => broker.admin('/api/v1/uploads', announcement(asset))),
  );
  t.deepEqual(
    answers.map(({ status }) => status),
    answers.map(() => 201),
  );
  t.is(new Set(answers.map(({ json }) => json.asset_id)).size, 1);
  t.is(new Set(answers.map(({ json }) => json.id)).size, 8);
  const { upload_id } = await assetOf(answers[0]?.json.asset_id);
  t.true(answers.some(({ json }) => json.id === upload_id));
});

test('an asset that exists never changes', async (t) => {
  const asset = someAsset();
  const { id } = await push(broker, asset);
  const { status, json } = await broker.admin(
    '/api/v1/uploads',
    announcement({ ...asset, bytes: randomBytes(10) }),
  );
  t.deepEqual([status, json.type], [409, problem('asset-exists')]);
  t.true(json.detail.includes(id));
});

test('what is announced is checked, each mistake by its name', async (t) => {
  const fine = announcement(someAsset());
  for (const [name, value] of [
    ['kind', 'floppy'],
    ['name', '..'],
    ['version', 'a/b'],
    ['arch', 'riscv64'],
    ['size', 0],
    ['size', 1.5],
    ['size', '5'],
    ['crc32c', 'AAAAAAA='],
    ['sha256', 'abc'],
    ['type', 'text/html; charset=utf-8'],
    ['type', 'a\r\nb/c'],
    ['colour', 'red'],
  ] as const) {
    const { status, json } = await broker.admin('/api/v1/uploads', { ...fine, [name]: value });
    t.is(status, 400, name);
    t.true(json.detail.includes(name), json.detail);
  }
  t.is(
    (await broker.admin('/api/v1/uploads', { ...fine, kind: 'efi', type: 'application/octet-stream' }))
      .status,
    400,
  );
  t.is((await complete('nothing')).json.type, problem('unknown-upload'));
});

/** Starts an upload under its grant with more headers than were granted, and sends the bytes. */
async function sendWith(
  grant: { signed_url: string; headers: Record<string, string> },
  more: Record<string, string>,
  bytes: Buffer,
) {
  const { signed_url, headers } = grant;
  const started = await fetch(signed_url, { method: 'POST', headers: { ...headers, ...more } });
  if (started.status !== 201) return false;
  await fetch(started.headers.get('location') ?? '', { method: 'PUT', body: new Uint8Array(bytes) });
  return true;
}

test('whoever holds the URL of an upload cannot add a header that clients would go by: complete names it, and the asset never boots', async (t) => {
  for (const [kind, verify] of [['kernel'], ['rootfs'], ['rootfs', 'full']] as const)
    for (const [header, value] of Object.entries({
      'content-encoding': 'gzip',
      'content-disposition': 'inline; filename=evil.sh',
      'content-language': 'tlh',
    })) {
      const asset = { ...someAsset(), kind };
      const wanted = { ...announcement(asset), ...(verify && { verify }) };
      const upload = expectStatus(await broker.admin('/api/v1/uploads', wanted), 201).json;
      t.true(await sendWith(upload, { [header]: value }, asset.bytes), header);
      const { status, json } = await complete(upload.id);
      t.deepEqual([status, json.type], [409, problem('upload-mismatch')], header);
      t.is(
        json.detail,
        `${header} is ${value}, granted was none. Push it again, which starts a new upload: bootbroker asset push`,
      );
      t.deepEqual((await complete(upload.id)).json.detail, json.detail);
      t.like(await assetOf(upload.asset_id), { state: 'created', generation: undefined });
      await push(broker, asset);
    }
});

test('what is signed cannot be changed by whoever holds the URL, and Google headers cannot be added', async (t) => {
  for (const more of [
    { 'cache-control': 'no-store' },
    { 'content-type': 'text/html' },
    { 'x-goog-meta-colour': 'blue' },
    { 'x-goog-custom-time': '2026-01-01T00:00:00Z' },
    { 'x-goog-acl': 'public-read' },
    { 'x-goog-storage-class': 'ARCHIVE' },
  ]) {
    const asset = someAsset();
    t.false(await sendWith(await announce(broker, asset), more, asset.bytes), JSON.stringify(more));
  }
});

/** Changes what an object carries, as somebody does who has rights on the storage. */
async function patchObject(
  { parts, config }: Broker,
  { bucket, object }: Pick<Asset, 'bucket' | 'object'>,
  change: object,
) {
  const token = fileSecret(join(config.dataDir, 'storage-token'));
  const { status } = await fetch(
    `${parts.localgcs.origin}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`,
    {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(change),
    },
  );
  if (status !== 200) throw new Error(`patching ${object}: ${status}`);
}

test('headers that are changed before the upload is complete, or while its bytes are hashed, are noticed', async (t) => {
  const asset = someAsset();
  const upload = await announce(broker, asset);
  await send(upload, asset.bytes);
  await patchObject(broker, await assetOf(upload.asset_id), { metadata: { colour: 'blue' } });
  const { status, json } = await complete(upload.id);
  t.is(status, 409);
  t.regex(json.detail, /^x-goog-meta-colour is blue, granted was none\./);

  const slow: Broker = await brokerFor(t, {
    replace: ({ blobs }) => ({
      blobs: {
        ...blobs,
        async digest(blob, ...rest) {
          const digest = await blobs.digest(blob, ...rest);
          await patchObject(slow, blob, { contentEncoding: 'gzip' });
          return digest;
        },
      },
    }),
  });
  const another = await announce(slow, asset);
  await send(another, asset.bytes);
  const late = await slow.admin(`/api/v1/uploads/${another.id}/complete`, {});
  t.is(late.status, 409);
  t.regex(late.json.detail, /^content-encoding is gzip, granted was none\./);
});
