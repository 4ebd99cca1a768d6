import test from 'ava';
import { LONGEST_PROMISE, type SignedUrls, signedUrls } from '../../src/blobs/signed-urls.ts';
import { hmacSigner } from '../../src/sign/hmac.ts';
import { rsaSigner } from '../../src/sign/rsa.ts';
import { LONGEST_LIFETIME, type Signer, type UrlRequest } from '../../src/sign/v4.ts';
import { privateKey } from './keys.ts';
import { lifeOf } from './life.ts';

const kernel: UrlRequest = {
  method: 'GET',
  bucket: 'boot-assets',
  object: 'assets/1/kernel',
  endpoint: 'https://storage.googleapis.com',
  query: { generation: '1' },
};

/** A cache, its clock, and a signer that counts. */
function scene(options: { capacity?: number } = {}) {
  let now = Date.UTC(2026, 0, 1, 12);
  const renewalFailures: unknown[] = [];
  const signed: string[] = [];
  const trouble: Error[] = [];
  const hmac = hmacSigner({ accessId: 'GOOG1EXAMPLE', secret: 'no secret' });
  const signer: Signer = {
    ...hmac,
    async sign(text, scope) {
      signed.push(text);
      const error = trouble.shift();
      if (error) throw error;
      return hmac.sign(text, scope);
    },
  };
  const cache = signedUrls({
    clock: () => new Date(now),
    onRenewalFailure: (error) => renewalFailures.push(error),
    ...options,
  });
  return {
    cache,
    signer,
    signed,
    trouble,
    renewalFailures,
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    lifeLeft: (url: string) => (lifeOf(url).expires - now) / 1000,
  };
}

/** Until everything that has begun and needs no network is done. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a URL at hand is handed out without a promise, and is not signed again', async (t) => {
  const { cache, signer, signed } = scene();
  const first = cache.get(kernel, signer, 300);
  t.true(first instanceof Promise);
  const url = await first;
  t.is(cache.get(kernel, signer, 300), url);
  t.is(signed.length, 1);
});

test('a URL lives as long again as promised, at least 30 s and at most 15 minutes longer, never past seven days', async (t) => {
  for (const [promised, lives] of [
    [1, 32],
    [60, 121],
    [300, 601],
    [3_600, 4_501],
    [LONGEST_PROMISE, LONGEST_LIFETIME],
  ] as const) {
    const { cache, signer, lifeLeft } = scene();
    t.is(lifeLeft(await cache.get(kernel, signer, promised)), lives);
  }
});

test('a promise that no signature can hold is refused at once', (t) => {
  const { cache, signer } = scene();
  for (const promise of [0, -1, 1.5, Number.NaN, LONGEST_PROMISE + 1])
    t.throws(() => cache.get(kernel, signer, promise), {
      instanceOf: RangeError,
      message: /BROKER_URL_TTL_SECONDS/,
    });
});

test('in the second half of its slack a URL is renewed behind the scenes, once', async (t) => {
  const { cache, signer, signed, pass } = scene();
  const old = await cache.get(kernel, signer, 300);
  pass(149);
  t.is(cache.get(kernel, signer, 300), old);
  t.is(signed.length, 1);
  pass(1);
  t.is(cache.get(kernel, signer, 300), old);
  t.is(cache.get(kernel, signer, 300), old);
  await settled();
  t.is(signed.length, 2);
  t.not(cache.get(kernel, signer, 300), old);
  t.is(signed.length, 2);
});

test('whom a URL did not open gets one that was signed within the second, and so does whoever asks after', async (t) => {
  const { cache, signer, signed, pass } = scene();
  const dead = await cache.get(kernel, signer, 300);
  pass(2);
  t.is(await cache.get(kernel, signer, 300), dead);
  const fresh = await Promise.all([1, 2, 3].map(() => cache.get(kernel, signer, 300, true)));
  t.is(new Set(fresh).size, 1);
  t.not(String(fresh[0]), dead);
  t.is(signed.length, 2);
  t.is(await cache.get(kernel, signer, 300), String(fresh[0]));
  pass(1);
  t.is(await cache.get(kernel, signer, 300, true), String(fresh[0]));
  t.is(signed.length, 2);
  pass(0.001);
  t.not(await cache.get(kernel, signer, 300, true), String(fresh[0]));
});

test('past its slack a URL is handed out no more', async (t) => {
  const { cache, signer, signed, pass, lifeLeft } = scene();
  const old = await cache.get(kernel, signer, 300);
  pass(301);
  const next = await cache.get(kernel, signer, 300);
  t.not(next, old);
  t.true(lifeLeft(next) >= 300);
  t.is(signed.length, 2);
});

test('a renewal that fails is told, pauses, and leaves the old URL in service', async (t) => {
  const { cache, signer, signed, trouble, renewalFailures, pass } = scene();
  const old = await cache.get(kernel, signer, 300);
  pass(200);
  const error = new Error('no signature today');
  trouble.push(error);
  for (let n = 0; n < 10; n++) {
    t.is(cache.get(kernel, signer, 300), old);
    await settled();
  }
  t.deepEqual(renewalFailures, [error]);
  t.is(signed.length, 2);
  pass(5);
  t.is(cache.get(kernel, signer, 300), old);
  await settled();
  t.not(cache.get(kernel, signer, 300), old);
  t.is(signed.length, 3);
});

test('a failure goes to all who wait and to nobody after', async (t) => {
  const { cache, signer, signed, trouble } = scene();
  trouble.push(new Error('no signature today'));
  const asked = [cache.get(kernel, signer, 300), cache.get(kernel, signer, 300)];
  for (const { status } of await Promise.allSettled(asked)) t.is(status, 'rejected');
  t.is(signed.length, 1);
  t.is(typeof (await cache.get(kernel, signer, 300)), 'string');
  t.is(signed.length, 2);
});

test('URLs that are not the same are not taken for one another', async (t) => {
  const { cache, signer, signed } = scene();
  const other = rsaSigner({ email: 'signer@project.iam.gserviceaccount.com', privateKey });
  const namesake = { ...signer, identity: 'GOOG1EOTHER' };
  const asked: readonly Parameters<SignedUrls['get']>[] = [
    [kernel, signer, 300],
    [kernel, other, 300],
    [kernel, namesake, 300],
    [kernel, { ...other, identity: signer.identity }, 300],
    [kernel, signer, 301],
    [{ ...kernel, method: 'HEAD' }, signer, 300],
    [{ ...kernel, bucket: 'other' }, signer, 300],
    [{ ...kernel, object: 'assets/1/initrd' }, signer, 300],
    [{ ...kernel, query: { generation: '2' } }, signer, 300],
    [{ ...kernel, query: { generation: '1', 'response-content-type': 'a/b' } }, signer, 300],
    [{ ...kernel, endpoint: 'http://storage.googleapis.com' }, signer, 300],
    [{ ...kernel, endpoint: 'https://other' }, signer, 300],
    [{ ...kernel, style: 'virtual-hosted' }, signer, 300],
    [{ ...kernel, headers: { 'x-goog-a': 'b' } }, signer, 300],
  ];
  const ask = () => Promise.all(asked.map((question) => cache.get(...question)));
  const urls = await ask();
  t.is(new Set(urls).size, asked.length);
  t.deepEqual(await ask(), urls);
  t.is(signed.length, asked.length - 2);
});

test('the order of parameters does not make two of one', async (t) => {
  const { cache, signer, signed } = scene();
  const url = await cache.get(
    { ...kernel, query: { generation: '1', 'response-content-type': 'a/b' } },
    signer,
    60,
  );
  t.is(cache.get({ ...kernel, query: { 'response-content-type': 'a/b', generation: '1' } }, signer, 60), url);
  t.is(signed.length, 1);
});

test('what was not asked for longest makes room', async (t) => {
  const { cache, signer, signed } = scene({ capacity: 2 });
  const ask = (generation: string) => cache.get({ ...kernel, query: { generation } }, signer, 300);
  const isKept = (generation: string) => typeof ask(generation) === 'string';
  await Promise.all([ask('1'), ask('2')]);
  t.true(isKept('1'));
  t.false(isKept('3'));
  await settled();
  t.true(isKept('1'));
  t.true(isKept('3'));
  t.false(isKept('2'));
  await settled();
  t.is(signed.length, 4);
});

test('after the clock was put back nothing is handed out that is dated ahead', async (t) => {
  const { cache, signer, pass } = scene();
  const old = await cache.get(kernel, signer, 300);
  pass(-3_600);
  const next = await cache.get(kernel, signer, 300);
  t.is(lifeOf(old).signed - lifeOf(next).signed, 3_600_000);
});

test('a signature that comes too late is asked for again, and after a second such one the signer is to blame', async (t) => {
  const { cache, signer, signed, pass, lifeLeft } = scene();
  let late = 1;
  const slow: Signer = {
    ...signer,
    async sign(text, scope) {
      if (late-- > 0) pass(400);
      return signer.sign(text, scope);
    },
  };
  t.true(lifeLeft(await cache.get(kernel, slow, 300)) >= 300);
  t.is(signed.length, 2);
  late = 9;
  pass(1_000);
  await t.throwsAsync(async () => cache.get(kernel, slow, 300), { message: /see why the signer is slow/ });
  t.is(signed.length, 4);
});
