import test from 'ava';
import { EarlierRequests, mostCallers, mostOfCaller } from '../../../src/http/boot/earlier-requests.ts';

const span = (n: number) => ({
  traceId: n.toString(16).padStart(32, '0'),
  spanId: n.toString(16).padStart(16, '0'),
  sampled: undefined,
});

test('a boot takes in what its caller asked in the five minutes before, once, and nobody else', (t) => {
  const earlier = new EarlierRequests();
  earlier.note('10.0.0.1', span(1), 0);
  earlier.note('10.0.0.1', span(2), 200_000);
  earlier.note('10.0.0.2', span(3), 200_000);
  t.deepEqual(earlier.take('10.0.0.1', 300_001), [span(2)]);
  t.deepEqual(earlier.take('10.0.0.1', 300_001), []);
  t.deepEqual(earlier.take('10.0.0.2', 500_000), [span(3)]);
});

test('of one caller the last ones are remembered, and the last callers', (t) => {
  const earlier = new EarlierRequests();
  for (let n = 1; n <= mostOfCaller + 3; n++) earlier.note('10.0.0.1', span(n), n);
  const taken = earlier.take('10.0.0.1', 100);
  t.is(taken.length, mostOfCaller);
  t.deepEqual(taken.at(-1), span(mostOfCaller + 3));
  for (let n = 0; n <= mostCallers; n++) earlier.note(`caller ${n}`, span(n + 1), 0);
  t.deepEqual(earlier.take('caller 0', 1), []);
  t.deepEqual(earlier.take('caller 1', 1), [span(2)]);
  t.deepEqual(earlier.take(`caller ${mostCallers}`, 1), [span(mostCallers + 1)]);
});
