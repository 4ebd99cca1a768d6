import test from 'ava';
import { isFull, logPages, mostPages, reserveOf } from '../../src/records/sqlite/boots/room.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;

for (const [size, reserve] of [
  [14 * mib, 6 * mib],
  [2 * gib, (2 * gib) / 20],
  [4096 * gib, 256 * mib],
] as const)
  test(`a disk of ${size / mib} MiB keeps ${Math.round(reserve / mib)} MiB free of boots`, (t) => {
    t.is(reserveOf({ size, free: 0 }), reserve);
    t.false(isFull({ size, free: reserve }));
    t.true(isFull({ size, free: reserve - 1 }));
  });

test('boots grow into what is free beside the reserve, and where that is gone they stay as they are', (t) => {
  const at = { pages: 100, pageSize: 4096 };
  t.is(mostPages({ size: 14 * mib, free: 7 * mib }, at), 100 + mib / 4096);
  t.is(mostPages({ size: 14 * mib, free: 6 * mib }, at), 100);
  t.is(mostPages({ size: 14 * mib, free: 0 }, at), 100);
});

test('the log of commits grows to 16 MiB where the reserve has room for more than that, and else to 1 MiB', (t) => {
  t.is(logPages({ size: 14 * mib, free: 0 }) * 4096, mib);
  t.is(logPages({ size: 1 * gib, free: 0 }) * 4096, mib);
  t.is(logPages({ size: 64 * gib, free: 0 }) * 4096, 16 * mib);
});
