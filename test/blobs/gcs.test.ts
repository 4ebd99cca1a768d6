import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import type { Blobs } from '../../src/blobs/blobs.ts';
import { digest } from '../../src/blobs/digest.ts';
import { gcsBlobs } from '../../src/blobs/gcs.ts';
import { signedUrls } from '../../src/blobs/signed-urls.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import { hmac, rsa } from '../sign/keys.ts';
import { blobsAt, brokenStorage } from '../support/broken-storage.ts';
import { type Broker, crc, push, send, sha256, startBroker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';

const test = anyTest as TestFn;
let broker: Broker;
let blobs: Blobs;
test.before(async () => {
  broker = await startBroker();
  ({ blobs } = broker.parts);
});
test.after.always(() => broker?.close());

const bucket = 'boot-assets';
const { signal } = new AbortController();
const type = 'application/octet-stream';

test('bytes go in under a grant and come out under a signed URL, whole or in part', async (t) => {
  const bytes = randomBytes(100_000);
  const blob = { bucket, object: 'assets/1/a file+ü%2F', size: bytes.length, type };
  t.is(await blobs.stat(bucket, blob.object), undefined);
  const { url, headers } = await blobs.uploadGrant(blob, { ttlSeconds: 60 });
  await send({ signed_url: url, headers: { ...headers } }, bytes);
  const stat = await blobs.stat(bucket, blob.object);
  t.like(stat, { size: bytes.length, crc32c: crc(bytes), type });
  const ref = { bucket, object: blob.object, generation: stat?.generation ?? '' };

  const whole = await blobs.follow(ref, { ttlSeconds: 60, signal });
  t.is(whole.status, 200);
  t.deepEqual(await buffer(whole.body), bytes);
  const part = await blobs.follow(ref, { ttlSeconds: 60, signal, range: { start: 10, end: 19 } });
  t.is(part.status, 206);
  t.deepEqual(await buffer(part.body), bytes.subarray(10, 20));

  const found = await blobs.digest(ref, signal);
  t.like(found, { size: bytes.length, crc32c: crc(bytes), sha256: sha256(bytes) });
  const signed = await fetch((await blobs.signedUrl(ref, { ttlSeconds: 60 })) ?? '');
  t.is(signed.headers.get('etag'), found.etag);
  t.is(Date.parse(signed.headers.get('last-modified') ?? ''), found.lastModified.getTime());

  // the name holds something now: nothing may take its place
  await t.throwsAsync(send({ signed_url: url, headers: { ...headers } }, bytes), { message: /^412/ });
  await blobs.remove({ ...ref, generation: '1' });
  t.truthy(await blobs.stat(bucket, blob.object));
  await blobs.remove(ref);
  t.is(await blobs.stat(bucket, blob.object), undefined);
  await blobs.remove(ref);
  await t.throwsAsync(blobs.follow(ref, { ttlSeconds: 60, signal }), {
    instanceOf: StoreDown,
    message: /404/,
  });
});

test('objects are put together, in order, under a name that holds what it should', async (t) => {
  const parts = [randomBytes(1_000), randomBytes(2_000)];
  const sources = [];
  for (const [n, bytes] of parts.entries()) {
    const { object, generation = '' } = await push(broker, { kind: 'initrd', name: `part-${n}`, bytes });
    sources.push({ bucket, object, generation });
  }
  const whole = Buffer.concat(parts);
  const composite = { bucket, object: 'assets/2/initrd', type: 'application/x-cpio' };
  const made = await blobs.compose({ ...composite, ifGeneration: '0' }, sources);
  t.like(made, { size: 3_000, crc32c: crc(whole), type: composite.type });
  t.deepEqual(await blobs.stat(bucket, composite.object), made);
  const { generation = '' } = made ?? {};
  const { body, headers } = await blobs.follow(
    { ...composite, generation },
    { ttlSeconds: 60, size: 3_000, signal },
  );
  t.true((await buffer(body)).equals(whole));
  t.is(headers['cache-control'], 'private, max-age=31536000, immutable, no-transform');

  t.is(await blobs.compose({ ...composite, ifGeneration: '0' }, sources), undefined);
  const again = await blobs.compose({ ...composite, ifGeneration: generation }, sources.toReversed());
  t.is(again?.crc32c, crc(Buffer.concat(parts.toReversed())));
  t.truthy(await blobs.compose(composite, sources));
  const gone = { bucket, object: sources[0]?.object ?? '', generation: '1' };
  await t.throwsAsync(blobs.compose({ ...composite, object: 'assets/3/initrd', ifGeneration: '0' }, [gone]), {
    instanceOf: StoreDown,
    message: /composing assets\/3\/initrd/,
  });
});

test('a session takes bytes of the announced size to a name that holds nothing', async (t) => {
  const bytes = randomBytes(10_000);
  const blob = { bucket, object: 'assets/4/kernel', size: bytes.length, type };
  const session = (await blobs.startSession(blob)) ?? '';
  t.is((await fetch(session, { method: 'PUT', body: bytes })).status, 200);
  const stat = await blobs.stat(bucket, blob.object);
  t.like(stat, { size: bytes.length, crc32c: crc(bytes), type });
  const { headers } = await fetch(
    (await blobs.signedUrl({ ...blob, generation: stat?.generation ?? '' }, { ttlSeconds: 60 })) ?? '',
  );
  t.is(headers.get('cache-control'), 'private, max-age=31536000, immutable, no-transform');

  t.is(await blobs.startSession(blob), undefined);
  const other = (await blobs.startSession({ ...blob, object: 'assets/6/kernel' })) ?? '';
  t.is((await fetch(other, { method: 'PUT', body: bytes.subarray(1) })).status, 400);
  t.is(await blobs.stat(bucket, 'assets/6/kernel'), undefined);
  const elsewhere = await blobs.startSession(
    { ...blob, object: 'assets/5/kernel' },
    { origin: 'http://10.0.0.1:8082' },
  );
  t.regex(elsewhere ?? '', /^http:\/\/10\.0\.0\.1:8082\/.*upload_id=/);
});

test('a URL names the origin at which its receiver finds the storage', async (t) => {
  const ref = { bucket, object: 'o', generation: '1' };
  const origin = 'http://10.0.0.1:8082';
  t.true((await blobs.signedUrl(ref, { ttlSeconds: 60, origin }))?.startsWith(`${origin}/${bucket}/o?`));
  const { url } = await blobs.uploadGrant({ bucket, object: 'o', size: 1, type }, { ttlSeconds: 60, origin });
  t.true(url.startsWith(`${origin}/`));
});

test('whoever takes only short URLs gets one by HMAC, or none', async (t) => {
  const endpoint = 'https://storage.googleapis.com';
  const clock = () => new Date();
  const common = { endpoint, bucket, token: 'none', clock, signer: rsa, urls: signedUrls({ clock }) };
  const both = gcsBlobs({ ...common, shortSigner: hmac });
  const blob = { bucket, object: 'assets/7/kernel', generation: '1234567890123456' };
  const by = async (blobs: Blobs, maxLength?: number) => {
    const url = await blobs.signedUrl(blob, { ttlSeconds: 60, ...(maxLength && { maxLength }) });
    return url && [new URL(url).searchParams.get('X-Goog-Algorithm'), maxLength && url.length <= maxLength];
  };
  t.deepEqual(await by(both), ['GOOG4-RSA-SHA256', undefined]);
  t.deepEqual(await by(both, 1_000), ['GOOG4-RSA-SHA256', true]);
  t.deepEqual(await by(both, 500), ['GOOG4-HMAC-SHA256', true]);
  t.is(await by(both, 200), undefined);
  t.is(await by(gcsBlobs(common), 500), undefined);
});

test('every fault is a StoreDown that says what was being done, without a signature', async (t) => {
  const ref = { bucket, object: 'o', generation: '1' };
  const dead = blobsAt(await freePort());
  const strange = await brokenStorage((response) => response.writeHead(200).end('x'));
  t.teardown(() => strange.close());
  const faults = [
    () => dead.follow(ref, { ttlSeconds: 60, signal }),
    () => dead.digest(ref, signal),
    () => dead.stat(bucket, 'o'),
    () => dead.ping(),
    () => strange.follow(ref, { ttlSeconds: 60, signal, range: { start: 0, end: 1 } }),
    () => strange.digest(ref, signal),
  ];
  await Promise.all(
    faults.map(async (fault) => {
      const error = await t.throwsAsync<StoreDown>(fault, { instanceOf: StoreDown });
      t.is(error?.store, 'storage');
      t.notRegex(error?.message ?? '', /Signature=/);
    }),
  );
});

test('a bucket that is not there is no storage that answers', async (t) => {
  await blobs.ping();
  const asset = await push(broker, { kind: 'file', name: 'f', bytes: Buffer.from('f') });
  t.is(await blobs.stat('no-such-bucket', asset.object), undefined);
});

test('a digest is of all bytes, in however many pieces they come', async (t) => {
  const bytes = randomBytes(10_000);
  const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 9_000), Buffer.alloc(0), bytes.subarray(9_000)];
  const { head, ...found } = await digest(Readable.from(pieces));
  t.true(head.equals(bytes.subarray(0, head.length)) && head.length > 0);
  t.deepEqual(found, {
    size: 10_000,
    crc32c: crc(bytes),
    sha256: sha256(bytes),
  });
  t.like(await digest(Readable.from([])), {
    size: 0,
    crc32c: 'AAAAAA==',
    sha256: sha256(Buffer.alloc(0)),
  });
  // RFC 3720 appendix B.4: 32 bytes of zeros
  t.is(
    (await digest(Readable.from([Buffer.alloc(32)]))).crc32c,
    Buffer.from('8a9136aa', 'hex').toString('base64'),
  );
});
