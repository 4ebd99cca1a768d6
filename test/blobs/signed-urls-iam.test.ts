import test from 'ava';
import { signedUrls } from '../../src/blobs/signed-urls.ts';
import { iamSigner } from '../../src/sign/iam.ts';
import type { UrlRequest } from '../../src/sign/v4.ts';
import { verifyUrl } from '../../src/sign/verify.ts';
import { fakeIam, iamKey } from '../support/fake-iam.ts';
import { googleError } from '../support/fake-server.ts';
import { scaled } from '../support/patience.ts';

const email = 'broker@project.iam.gserviceaccount.com';
const asset = (object: string): UrlRequest => ({
  method: 'GET',
  bucket: 'boot-assets',
  object,
  query: { generation: '1' },
});

test('a thousand boots of one profile at once cost one signBlob for each object and window', async (t) => {
  const iam = await fakeIam(t, email);
  let now = Date.now();
  iam.faults.push(googleError(503, 'UNAVAILABLE', 'Later.'));
  const clock = () => new Date(now);
  const signer = iamSigner({
    email,
    token: async () => 'good',
    clock,
    endpoint: iam.origin,
    patience: { attemptMs: scaled(5_000), totalMs: scaled(20_000), pauseMs: 5 },
  });
  const cache = signedUrls({ clock });
  const boots = () =>
    Promise.all(
      Array.from({ length: 1_000 }, () =>
        Promise.all([cache.get(asset('kernel'), signer, 300), cache.get(asset('initrd'), signer, 300)]),
      ),
    );
  const works = (urls: Set<string>) => {
    t.is(urls.size, 2);
    for (const url of urls) {
      const { host, pathname, search } = new URL(url);
      const received = { method: 'GET', target: pathname + search, rawHeaders: ['Host', host] };
      t.like(
        verifyUrl(received, () => iamKey, clock()),
        { ok: true, bucket: 'boot-assets' },
      );
    }
  };

  const first = new Set((await boots()).flat());
  works(first);
  // The 503 was one of them.
  t.is(iam.asked.length, 2 + 1);

  t.deepEqual(new Set((await boots()).flat()), first);
  t.is(iam.asked.length, 2 + 1);

  now += 10 * 60_000;
  iam.skewMs = 10 * 60_000;
  const second = new Set((await boots()).flat());
  works(second);
  t.true(second.isDisjointFrom(first));
  t.is(iam.asked.length, 4 + 1);
});
