import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { descriptorLimit, descriptorShares } from '../../src/bounds/descriptors.ts';
import { Sampler } from '../../src/bounds/sampler.ts';
import { repeatedHeader } from '../../src/bounds/single-headers.ts';
import { sourceKey } from '../../src/bounds/source-key.ts';

test('an IPv4 address is one source, however it is written; an IPv6 /64 is', (t) => {
  t.is(sourceKey('10.0.0.1'), '10.0.0.1');
  t.is(sourceKey('::ffff:10.0.0.1'), '10.0.0.1');
  for (const address of ['2001:db8::1', '2001:db8:0:0:ffff:1:2:3', '2001:0DB8::ffff%eth0'])
    t.is(sourceKey(address), '2001:db8:0:0::/64', address);
  t.is(sourceKey('2001:db8:0:1::'), '2001:db8:0:1::/64');
  t.is(sourceKey('fe80::1'), 'fe80:0:0:0::/64');
  t.is(sourceKey('::1'), '0:0:0:0::/64');
  t.is(sourceKey('1:2:3:4:5:6:7:8'), '1:2:3:4::/64');
  t.is(sourceKey(undefined), 'unknown');
});

test('the limit of open files is what the kernel says, and there is one everywhere', (t) => {
  t.is(
    descriptorLimit('Max processes  5  5\nMax open files            300                  4096   files\n'),
    300,
  );
  t.is(descriptorLimit('Max open files   unlimited   unlimited   files\n'), Number.MAX_SAFE_INTEGER);
  t.true(descriptorLimit('') > 0);
  t.true(descriptorLimit() > 0);
});

test('all listeners, their streams and files together fit in the descriptors, and each has some', (t) => {
  for (const limit of [256, 300, 1024, 1_048_576]) {
    const { boot, admin, storage, streams } = descriptorShares(limit);
    t.true(boot + admin + 2 * storage + streams + 64 <= limit, String(limit));
    for (const share of [boot, admin, storage, streams]) t.true(share > 0);
  }
});

test('headers that must be one are found when they are two, whatever their letters', (t) => {
  t.is(repeatedHeader(['Host', 'a', 'Accept', 'x', 'accept', 'y']), undefined);
  t.is(repeatedHeader(['Host', 'a', 'X', 'b', 'HOST', 'a']), 'host');
  t.is(repeatedHeader(['Authorization', 'a', 'Host', 'b', 'authorization', 'c']), 'authorization');
  t.is(repeatedHeader(['X', 'host', 'Y', 'host']), undefined, 'values are no names');
});

test('of a source one line is taken in a window, and what was left out is told at its end', async (t) => {
  const told: object[] = [];
  const sampler = new Sampler((left) => told.push(left), 200);
  t.deepEqual(
    ['a', 'a', 'b', 'a'].map((source) => sampler.takes(source)),
    [true, false, true, false],
  );
  await sleep(400);
  t.deepEqual(told, [{ lines: 2, sources: 1 }]);
  t.true(sampler.takes('a'));
  await sleep(400);
  t.is(told.length, 1, 'nothing was left out');
});

test('however many sources there are, few are kept, and the others are counted', async (t) => {
  const told: { lines: number }[] = [];
  const sampler = new Sampler((left) => told.push(left), 300);
  const taken = Array.from({ length: 5_000 }, (_, n) => sampler.takes(`source ${n}`)).filter(Boolean);
  t.is(taken.length, 1024);
  await sleep(600);
  t.is(told[0]?.lines, 5_000 - 1024);
});
