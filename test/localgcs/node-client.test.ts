import { pipeline } from 'node:stream/promises';
import { type Bucket, Storage } from '@google-cloud/storage';
import test, { type ExecutionContext } from 'ava';
import { OAuth2Client } from 'google-auth-library';
import { BUCKET, bytes, type Client, crc, md5, RSA_EMAIL, rsaKey, storage, TOKEN } from './support.ts';

// Google's client would ask the machine's surroundings who it is.
process.env.METADATA_SERVER_DETECTION = 'none';

/** Google's own client, with a token, and a key for signing that the storage knows. */
function googleBucket(apiEndpoint: string, token: string): Bucket {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token, expiry_date: Date.now() + 3_600_000 });
  const options = { apiEndpoint, projectId: 'tests', useAuthWithCustomEndpoint: true, authClient };
  const google = new Storage({ ...options, retryOptions: { autoRetry: false } });
  // 8.4 forgets its authClient in resumable uploads to an endpoint of one's own (startResumableUpload_).
  google.interceptors.push({
    request: (request) => {
      request.headers = { ...request.headers, authorization: `Bearer ${token}` };
      return request;
    },
  } as (typeof google.interceptors)[number]);
  return google.bucket(BUCKET);
}

async function world(t: ExecutionContext): Promise<Client & { bucket: Bucket }> {
  const storing = await storage(t);
  return { ...storing, bucket: googleBucket(storing.origin, TOKEN) };
}

test('saves and downloads, in one request and resumably', async (t) => {
  const { bucket } = await world(t);
  t.deepEqual(await bucket.exists(), [true]);
  for (const resumable of [false, true]) {
    for (const size of [0, 1000, 20_000_000]) {
      const data = bytes(size);
      const file = bucket.file(`dir/${resumable}-${size}`);
      const metadata = {
        contentType: 'application/efi',
        cacheControl: 'no-cache',
        metadata: { colour: 'blue' },
      };
      await file.save(data, { resumable, metadata, validation: 'crc32c' });
      const [read] = await file.download({ validation: 'crc32c' });
      t.true(read.equals(data), `${resumable} ${size}`);
      const [shown] = await file.getMetadata();
      t.like(shown, { size: String(size), crc32c: crc(data), md5Hash: md5(data), ...metadata });
    }
  }
});

test('streams an upload of unknown size, in one piece and in chunks', async (t) => {
  const { bucket } = await world(t);
  const data = bytes(3_000_000);
  const pieces = async function* () {
    for (let at = 0; at < data.length; at += 100_000) yield data.subarray(at, at + 100_000);
  };
  for (const chunkSize of [undefined, 1024 * 1024]) {
    const file = bucket.file(`streamed-${chunkSize}`);
    await pipeline(pieces, file.createWriteStream({ resumable: true, ...(chunkSize && { chunkSize }) }));
    t.true((await file.download())[0].equals(data));
  }
});

test('reads a part, and a generation', async (t) => {
  const { bucket } = await world(t);
  const file = bucket.file('kernel');
  await file.save(bytes(1000), { resumable: false });
  const [part] = await file.download({ start: 10, end: 19 });
  t.deepEqual(part, bytes(1000).subarray(10, 20));
  const generation = Number((await file.getMetadata())[0].generation);
  await file.save('newer', { resumable: false });
  await t.throwsAsync(bucket.file('kernel', { generation }).download(), { code: 404 });
});

test('keeps to its preconditions', async (t) => {
  const { bucket } = await world(t);
  const file = bucket.file('kernel');
  for (const resumable of [false, true]) {
    const preconditionOpts = { ifGenerationMatch: 0 };
    await file.save('first', { resumable, preconditionOpts });
    await t.throwsAsync(file.save('second', { resumable, preconditionOpts }), { code: 412 });
    t.is((await file.download())[0].toString(), 'first');
    await file.delete({ ifGenerationMatch: (await file.getMetadata())[0].generation ?? 0 });
  }
});

test('lists, changes, copies, moves, combines and deletes', async (t) => {
  const { bucket } = await world(t);
  for (const name of ['a/1', 'a/2', 'b']) await bucket.file(name).save(name, { resumable: false });
  const names = async (query: object) => (await bucket.getFiles(query))[0].map(({ name }) => name);
  t.deepEqual(await names({}), ['a/1', 'a/2', 'b']);
  t.deepEqual(await names({ prefix: 'a/' }), ['a/1', 'a/2']);
  t.deepEqual(await names({ maxResults: 2 }), ['a/1', 'a/2']);
  t.deepEqual(await names({ delimiter: '/', autoPaginate: false }), ['b']);

  const file = bucket.file('b');
  await file.setMetadata({ contentType: 'application/efi', metadata: { colour: 'blue' } });
  t.like((await file.getMetadata())[0], {
    contentType: 'application/efi',
    metageneration: '2',
    metadata: { colour: 'blue' },
  });
  await file.copy(bucket.file('dir/copy of b'));
  t.like((await bucket.file('dir/copy of b').getMetadata())[0], {
    contentType: 'application/efi',
    metageneration: '1',
  });
  await file.move('moved');
  await bucket.file('moved').rename('renamed');
  t.deepEqual(await names({}), ['a/1', 'a/2', 'dir/copy of b', 'renamed']);

  await Promise.resolve(bucket.combine(['a/1', 'a/2', 'renamed'], 'whole'));
  const whole = bucket.file('whole');
  t.is((await whole.download())[0].toString(), 'a/1a/2b');
  const [shown] = await whole.getMetadata();
  t.is(shown.componentCount, 3);
  t.is(shown.md5Hash, undefined);

  await bucket.deleteFiles();
  t.deepEqual(await names({}), []);
  t.deepEqual(await bucket.file('b').exists(), [false]);
});

test('its signed URLs read, write, start uploads and delete', async (t) => {
  const { bucket, origin } = await world(t);
  const signing = new Storage({
    apiEndpoint: origin,
    projectId: 'tests',
    credentials: { client_email: RSA_EMAIL, private_key: rsaKey.privateKey },
  }).bucket(BUCKET);
  const file = signing.file('dir/a b+c');
  const expires = Date.now() + 60_000;
  const sign = async (action: 'read' | 'write' | 'delete' | 'resumable', more: object = {}) =>
    (await file.getSignedUrl({ version: 'v4', action, expires, ...more }))[0];

  const contentType = 'application/efi';
  const headers = { 'content-type': contentType };
  const written = await fetch(await sign('write', { contentType }), {
    method: 'PUT',
    headers,
    body: 'bytes',
  });
  t.is(written.status, 200, await written.text());
  const read = await fetch(
    await sign('read', { responseDisposition: 'attachment', queryParams: { generation: '' } }),
  );
  t.is(read.status, 400);
  const whole = await fetch(await sign('read', { responseDisposition: 'attachment' }));
  t.is(await whole.text(), 'bytes');
  t.is(whole.headers.get('content-disposition'), 'attachment');
  t.is(whole.headers.get('content-type'), contentType);

  const resumable = { 'x-goog-resumable': 'start', ...headers };
  const started = await fetch(await sign('resumable', { contentType }), {
    method: 'POST',
    headers: resumable,
  });
  t.is(started.status, 201);
  const done = await fetch(started.headers.get('location') ?? '', { method: 'PUT', body: 'newer bytes' });
  t.is(done.status, 200);
  t.is((await bucket.file('dir/a b+c').download())[0].toString(), 'newer bytes');
  t.is((await fetch(await sign('delete'), { method: 'DELETE' })).status, 204);
});

test('creates a session for somebody else, who needs nothing but its URI', async (t) => {
  const { bucket } = await world(t);
  const file = bucket.file('kernel');
  const data = bytes(1000);
  const metadata = { contentType: 'application/efi', contentLength: 1000, crc32c: crc(data) };
  const [uri] = await file.createResumableUpload({ metadata, preconditionOpts: { ifGenerationMatch: 0 } });
  t.is((await fetch(uri, { method: 'PUT', body: bytes(1000, 2) })).status, 400);
  const [second] = await file.createResumableUpload({ metadata, preconditionOpts: { ifGenerationMatch: 0 } });
  t.is((await fetch(second, { method: 'PUT', body: bytes(999) })).status, 400);
  t.is((await fetch(second, { method: 'PUT', body: data })).status, 200);
  t.true((await file.download())[0].equals(data));
});

test('without the right token it can do nothing', async (t) => {
  const { bucket, origin } = await world(t);
  await bucket.file('kernel').save('bytes', { resumable: false });
  const stranger = googleBucket(origin, 'guess').file('kernel');
  await t.throwsAsync(stranger.download(), { code: 401 });
  await t.throwsAsync(stranger.save('evil', { resumable: false }), { code: 401 });
  await t.throwsAsync(stranger.delete(), { code: 401 });
  t.is((await bucket.file('kernel').download())[0].toString(), 'bytes');
});
