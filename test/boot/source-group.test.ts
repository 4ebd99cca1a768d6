import test from 'ava';
import fc from 'fast-check';
import { canonicalAddress } from '../../src/boot/network.ts';
import { sourceGroup } from '../../src/boot/source-group.ts';

test('an IPv4 address counts alone', (t) => {
  t.is(sourceGroup('10.1.0.5'), '10.1.0.5');
});

for (const [address, group] of [
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
] as const)
  test(`${address} counts with ${group}`, (t) => {
    t.is(sourceGroup(address), group);
  });

test('two IPv6 addresses count together when, and only when, their first 64 bits are the same', (t) => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const half = fc.tuple(group, group, group, group);
  const text = (...halves: number[][]) =>
    canonicalAddress(
      halves
        .flat()
        .map((part) => part.toString(16))
        .join(':'),
    ) ?? '';
  fc.assert(
    fc.property(half, half, half, half, (a, b, c, d) => {
      fc.pre([text(a, c), text(a, d), text(b, d)].every((address) => address.includes(':')));
      t.is(sourceGroup(text(a, c)) === sourceGroup(text(b, d)), a.join() === b.join());
      t.is(sourceGroup(text(a, c)), sourceGroup(text(a, d)));
    }),
  );
});
