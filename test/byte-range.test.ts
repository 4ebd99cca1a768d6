import test from 'ava';
import { byteRange } from '../src/byte-range.ts';

test('one range of bytes is that range, as far as there are bytes', (t) => {
  const ranges: [string, number, number][] = [
    ['bytes=0-0', 0, 0],
    ['Bytes=10-19', 10, 19],
    ['bytes = 10 - 19', 10, 19],
    ['bytes=990-', 990, 999],
    ['bytes=990-99999999999999999999', 990, 999],
    ['bytes=-5', 995, 999],
    ['bytes=-99999999999999999999', 0, 999],
  ];
  for (const [header, start, end] of ranges) t.deepEqual(byteRange(header, 1000), { start, end }, header);
});

test('what begins behind the end, or ends before it begins, cannot be satisfied', (t) => {
  for (const header of ['bytes=1000-', 'bytes=5-2', 'bytes=1-0', 'bytes=-0', 'bytes=99999999999999999999-'])
    t.is(byteRange(header, 1000), 'unsatisfiable', header);
  t.is(byteRange('bytes=0-', 0), 'unsatisfiable');
});

test('several ranges, and what is no range of bytes, are none', (t) => {
  for (const header of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=x-1',
    'bytes=--5',
    'bytes=0-1,4-5',
    'lines=1-2',
    '0-5',
  ])
    t.is(byteRange(header, 1000), undefined, header);
});
