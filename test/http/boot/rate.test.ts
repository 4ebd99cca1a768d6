import test from 'ava';
import fc from 'fast-check';
import { openRate } from '../../../src/http/boot/rate.ts';

test('so many at once, then so many a second, each key by itself', (t) => {
  let now = 0;
  const take = openRate({ perSecond: 2, burst: 3, now: () => now });
  t.deepEqual(
    [1, 2, 3].map(() => take('a')),
    [0, 0, 0],
  );
  t.is(take('a'), 0.5);
  t.is(take('b'), 0);
  now += 500;
  t.is(take('a'), 0);
  t.is(take('a'), 0.5);
  now += 60_000;
  t.deepEqual(
    [1, 2, 3].map(() => take('a')),
    [0, 0, 0],
  );
  t.true(take('a') > 0);
});

test('over any time no more pass than the burst and what that time gives', (t) => {
  const pauses = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 200 });
  fc.assert(
    fc.property(pauses, (steps) => {
      let now = 0;
      const take = openRate({ perSecond: 1, burst: 20, now: () => now });
      let taken = 0;
      for (const step of steps) {
        now += step;
        if (take('a') === 0) taken += 1;
      }
      t.true(taken <= 20 + now / 1000);
      t.true(taken >= Math.min(steps.length, 20));
    }),
  );
});

test('keys are forgotten, the longest silent first: its memory has a bound', (t) => {
  const take = openRate({ perSecond: 1, burst: 1, most: 2, now: () => 0 });
  for (const key of ['a', 'b', 'c']) t.is(take(key), 0);
  t.true(take('c') > 0);
  t.is(take('a'), 0, 'it begins anew');
});
