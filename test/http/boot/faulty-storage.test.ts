import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import anyTest, { type TestFn } from 'ava';
import type { Blobs } from '../../../src/blobs/blobs.ts';
import { gcsBlobs } from '../../../src/blobs/gcs.ts';
import type { Patience } from '../../../src/blobs/retry-policy.ts';
import type { BlobRef } from '../../../src/boot/plan.ts';
import { hmacSigner } from '../../../src/sign/hmac.ts';
import { addProfile, type Broker, push, sha256, startBroker } from '../../support/broker.ts';
import { type Fault, type FaultyStorage, faultyStorage } from '../../support/faulty-storage.ts';
import { say, until } from '../../support/http.ts';
import { scaled } from '../../support/patience.ts';
import { agents } from '../site.ts';

const { serial: test, before, beforeEach, after } = anyTest as TestFn;

const size = 150_000_000;
const key = { accessId: 'GOOG1ETESTSOFTHEFAULTYSTORAGE', secret: 'not-a-secret-of-forty-characters-at-all' };
const patience: Patience = {
  firstByte: scaled(4_000),
  stall: scaled(1_000),
  giveUp: scaled(20_000),
  pauses: { first: 20, most: 200 },
};

// One broker, which reads from a storage that fails when it is told to.
let storage: FaultyStorage;
let blobs: Blobs;
let impatient: Blobs;
let follow: Blobs['follow'];
let broker: Broker;
let kernel: string;
let blob: BlobRef;
let digest: string;

const blobsOf = (patience: Patience) =>
  gcsBlobs({
    endpoint: storage.origin,
    token: 'for control calls, of which there are none',
    bucket: 'boot-assets',
    signer: hmacSigner(key),
    clock: () => new Date(),
    patience,
  });

before(async () => {
  storage = await faultyStorage();
  blobs = blobsOf(patience);
  impatient = blobsOf({ ...patience, giveUp: scaled(500) });
  broker = await startBroker({
    settings: { BROKER_HMAC_ACCESS_ID: key.accessId, BROKER_HMAC_SECRET: key.secret },
    replace: ({ blobs, localgcs }) => {
      storage.upstream = localgcs?.origin ?? '';
      return { blobs: { ...blobs, follow: (...asked) => follow(...asked) } };
    },
  });
  const bytes = randomBytes(size);
  digest = sha256(bytes);
  const { bucket, object, generation = '' } = await push(broker, { kind: 'kernel', name: 'large', bytes });
  blob = { bucket, object, generation };
  const { id } = await addProfile(broker, { name: 'large', kernel: 'large@1' });
  kernel = `/asset/${id}/kernel`;
});
beforeEach(() => {
  storage.asked.length = 0;
  storage.faults.length = 0;
  storage.isDown = false;
  follow = blobs.follow;
});
after.always(async () => {
  await broker?.close();
  await blobs?.close();
  await impatient?.close();
  await storage?.close();
});

/** Starts to read the asset as firmware would; nothing is read of its body yet. */
async function open(): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  const request = get({
    port: broker.bootPort,
    path: kernel,
    headers: { 'User-Agent': agents.firmware },
    agent: false,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { request, response };
}

/** Bytes in buffers that somebody still holds: of the storage and the client too, which live in this process. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().arrayBuffers;
}

async function hashOf(response: IncomingMessage, onChunk = (_bytes: number) => {}): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of response) {
    hash.update(chunk);
    onChunk(chunk.length);
  }
  return hash.digest('hex');
}

const resumes = () => broker.log.filter(({ message }) => String(message).startsWith('a stream goes on'));
const counted = async () =>
  Number(
    /^bootbroker_upstream_faults_healed_total\{by="resume"\} (\d+)$/m.exec(
      (await broker.boot('/metrics')).text,
    )?.[1],
  );

/** The same numbers for the same seed (Lehmer's generator, minstd). */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

function faultsOf(seed: number, count: number): Fault[] {
  const random = numbers(seed);
  const kinds = ['cut', '503', 'cut', 'stall'] as const;
  return Array.from({ length: count }, (_, n) => ({
    at: 1 + Math.floor(random.next().value * (size - 1)),
    how: kinds[n % kinds.length] ?? 'cut',
  })).sort((a, b) => a.at - b.at);
}

test('150 MB with 20 faults arrive byte for byte, as one answer, in no more memory', async (t) => {
  const faults = faultsOf(20_261_121, 20);
  storage.faults.push(...faults);
  const [logged, before] = [resumes().length, await counted()];
  const start = memoryInUse();
  let most = 0;
  let seen = 0;
  const { response } = await open();
  const hash = await hashOf(response, (bytes) => {
    if (Math.floor(seen / 10e6) < Math.floor((seen + bytes) / 10e6))
      most = Math.max(most, memoryInUse() - start);
    seen += bytes;
  });
  t.is(hash, digest, JSON.stringify(faults));
  t.is(response.statusCode, 200);
  t.is(response.headers['content-length'], `${size}`);
  t.deepEqual(storage.faults, []);
  const gone = resumes().slice(logged);
  t.true(gone.length >= 20 && storage.asked.length >= 20 + 1 + 5);
  t.is((await counted()) - before, gone.length);
  for (const { request_id, byte, cause } of gone) {
    t.true(Number(byte) > 0 && Number(byte) < size);
    t.is(typeof request_id, 'string');
    t.is(typeof cause, 'string');
  }
  // Storage, proxy, broker and client share this process; a body that piled up anywhere would show as 150 MB.
  t.true(most < 100e6, `${most} bytes more`);
});

test('a storage that does not come back: the connection is destroyed, the answer never ends', async (t) => {
  follow = impatient.follow;
  storage.faults.push({ at: 1_000_000, how: '503' });
  const answering = say(
    broker.bootPort,
    `GET ${kernel} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agents.firmware}\r\n\r\n`,
  );
  await until(() => storage.faults.length === 0);
  storage.isDown = true;
  const answer = await answering; // closed, although nobody asked for that
  t.regex(answer, /^HTTP\/1\.1 200 OK\r\n/);
  t.true(answer.length > 1_000 && answer.length < 1_100_000);
  const broken = () => broker.log.filter(({ message }) => String(message).startsWith('a stream broke off'));
  await until(() => broken().length > 0);
  t.regex(String(broken()[0]?.error), /503 ServiceUnavailable to a signed URL, at the last of \d+ attempts/);
});

test('a URL that has expired on the way is no end: the rest comes by a fresh one', async (t) => {
  storage.faults.push({ at: 140_000_000, how: 'cut' });
  const { signal } = new AbortController();
  const { body } = await blobs.follow(blob, { ttlSeconds: 2, size, signal });
  const [{ target: first } = { target: '' }] = storage.asked;
  const status = async () => (await fetch(storage.upstream + first, { method: 'HEAD' })).status;
  await until(async () => (await status()) === 400);
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  t.is(hash.digest('hex'), digest);
  t.true(storage.asked.length > 1);
  t.true(storage.asked.slice(1).every(({ target }) => target !== first));
  t.regex(storage.asked[1]?.range ?? '', /^bytes=\d{9}-149999999$/);
});

test('a client that reads slowly, or not at all for a while, has a storage that waits, not one that stalls', async (t) => {
  const { response } = await open();
  response.pause();
  await sleep(3 * patience.stall);
  t.is(storage.asked.length, 1);
  t.is(await hashOf(response), digest);
  t.is(storage.asked.length, 1);
});

test('a client that hangs up in the middle of an outage is forgotten at once', async (t) => {
  storage.faults.push({ at: 1_000_000, how: '503' });
  const { request, response } = await open();
  response.resume();
  await until(() => storage.faults.length === 0);
  storage.isDown = true;
  await until(() => storage.asked.length > 2);
  response.on('error', () => {});
  request.destroy();
  await until(async () => /^bootbroker_streams 0$/m.test((await broker.boot('/metrics')).text));
  await sleep(100); // what was on its way
  const { length } = storage.asked;
  await sleep(3 * patience.pauses.most);
  t.is(storage.asked.length, length);
});
