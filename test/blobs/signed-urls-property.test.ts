import test from 'ava';
import fc from 'fast-check';
import { LONGEST_PROMISE, signedUrls } from '../../src/blobs/signed-urls.ts';
import type { Signer } from '../../src/sign/v4.ts';
import { lifeOf } from './life.ts';

/** What happens to the cache, one after the other; how much time passes is told in slacks and milliseconds. */
type Step =
  | { readonly ask: number }
  | { readonly slacks: number; readonly ms: number }
  | { readonly finish: 'well' | 'badly' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ ask: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      // Most often just at an edge: a half or the whole of the slack, give or take.
      slacks: fc.constantFrom(0, 0.05, 0.25, 0.5, 0.5, 1, 3),
      ms: fc.oneof(fc.constantFrom(-1, 0, 1, 999), fc.nat(6_000)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ finish: fc.constantFrom('well', 'well', 'well', 'badly') }) },
);

const scenes = fc.record({
  startMs: fc.nat(999),
  /** Seconds; each is a key of its own. */
  promises: fc.uniqueArray(fc.constantFrom(1, 10, 60, 299, 300, 3_600, 86_400, LONGEST_PROMISE), {
    minLength: 2,
    maxLength: 2,
  }),
  steps: fc.array(step, { minLength: 20, maxLength: 100 }),
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
const slackMs = (promise: number) => Math.min(Math.max(promise, 30), 900, 604_799 - promise) * 1000;

test('whatever happens: every URL has its promised life left, and a window sees one signature', async (t) => {
  let handedOut = 0;
  let atOnce = 0;
  let renewed = 0;
  await fc.assert(
    fc.asyncProperty(scenes, async ({ startMs, promises, steps }) => {
      let now = Date.UTC(2026, 5, 1) + startMs;
      const pending: { finish(how: 'well' | 'badly'): void; promise: number }[] = [];
      /** When signatures began that did not fail, by what was promised. */
      const begun = new Map<number, number[]>();
      const cache = signedUrls({ clock: () => new Date(now), onRenewalFailure: () => {} });
      const signerFor = (promise: number): Signer => ({
        algorithm: 'GOOG4-RSA-SHA256',
        identity: 'a@b',
        sign: () =>
          new Promise((resolve, reject) => {
            t.false(
              pending.some((other) => other.promise === promise),
              'two flights for one key',
            );
            const began = now;
            const finish = (how: 'well' | 'badly') => {
              if (how === 'badly') return reject(new Error('no signature'));
              begun.set(promise, [...(begun.get(promise) ?? []), began]);
              resolve('ab');
            };
            pending.push({ finish, promise });
          }),
      });
      const check = (url: string, promise: number) => {
        const { signed, expires } = lifeOf(url);
        t.true(expires - now >= promise * 1000, `${(expires - now) / 1000} s left of ${promise}`);
        t.true(expires - now <= promise * 1000 + slackMs(promise) + 1_000);
        t.true(expires - signed <= 604_800_000);
        t.true(signed <= now);
        handedOut++;
      };

      for (const step of steps) {
        if ('slacks' in step) now += Math.max(0, step.slacks * slackMs(promises[0] as number) + step.ms);
        else if ('finish' in step) pending.shift()?.finish(step.finish);
        else {
          const promise = promises[step.ask] as number;
          const url = cache.get({ method: 'GET', bucket: 'b-1', object: 'o' }, signerFor(promise), promise);
          if (typeof url === 'string') {
            atOnce++;
            check(url, promise);
          } else
            url.then(
              (url) => check(url, promise),
              () => {},
            );
        }
        await settled();
      }
      for (let next = pending.shift(); next; next = pending.shift()) {
        next.finish('well');
        await settled();
      }

      for (const [promise, times] of begun)
        for (let n = 1; n < times.length; n++) {
          const apart = (times[n] as number) - (times[n - 1] as number);
          if (apart < slackMs(promise)) renewed++;
          t.true(apart >= slackMs(promise) / 2, `two signatures ${apart} ms apart for ${promise} s`);
        }
    }),
    { numRuns: 500 },
  );
  // The property says nothing when nothing happened.
  t.true(handedOut > 1_000 && atOnce > 1_000 && renewed > 100, `${handedOut} ${atOnce} ${renewed}`);
});
