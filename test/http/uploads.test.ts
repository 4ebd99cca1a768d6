import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import type { Asset } from '../../src/boot/asset.ts';
import {
  announce,
  announcement,
  type Broker,
  crc,
  expectStatus,
  type NewAsset,
  push,
  send,
  sha256,
  startBroker,
} from '../support/broker.ts';

const test = anyTest as TestFn;
let broker: Broker;
test.before(async () => {
  broker = await startBroker();
});
test.after.always(() => broker?.close());

const problem = (name: string) => `urn:bootbroker:problem:${name}`;
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
