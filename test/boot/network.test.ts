import test from 'ava';
import fc from 'fast-check';
import {
  anyContains,
  canonicalAddress,
  localNetworks,
  networkRound,
  parseNetwork,
} from '../../src/boot/network.ts';

test('an address has one spelling, and what only looks like one has none', (t) => {
  const spellings: readonly (readonly [string, string | undefined])[] = [
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0A00:0001', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['10.1', undefined],
    ['0x7f.0.0.1', undefined],
    ['10.0.0.1:80', undefined],
    ['10.0.0.256', undefined],
    ['[::1]', undefined],
    ['localhost', undefined],
    ['::', '::'],
    ['::1', '::1'],
    ['::10.1.0.5', undefined],
    ['::a01:5', undefined],
    ['0:0:0:0:0:0:10.1.0.5', undefined],
    ['::0.0.0.1', '::1'],
    ['::2', undefined],
    ['64:ff9b::10.1.0.5', '64:ff9b::a01:5'],
    ['::ffff:0:10.1.0.5', '::ffff:0:a01:5'],
    ['::ffff:010.1.0.5', undefined],
    ['::ffff:10.1.0', undefined],
    ['1.2.3.4::', undefined],
    ['', undefined],
  ];
  for (const [text, address] of spellings) t.is(canonicalAddress(text), address, text);
});

const octet = fc.integer({ min: 0, max: 255 });
const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));

/** Every way to write these eight groups down that readers of IPv6 addresses know. */
function spellings(groups: readonly number[]): string[] {
  const hex = groups.map((part) => part.toString(16));
  const [high = 0, low = 0] = groups.slice(6);
  const dotted = [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const written = [hex, hex.map((part) => part.padStart(4, '0')), [...hex.slice(0, 6), dotted]];
  const runs = written.flatMap((parts) =>
    parts.flatMap((_, from) =>
      parts.slice(from).flatMap((_, length) => {
        const [left, out, right] = [
          parts.slice(0, from),
          parts.slice(from, from + length + 1),
          parts.slice(from + length + 1),
        ];
        return out.every((part) => /^0+$/.test(part)) ? [`${left.join(':')}::${right.join(':')}`] : [];
      }),
    ),
  );
  const all = [...written.map((parts) => parts.join(':')), ...runs];
  return [...all, ...all.map((text) => text.toUpperCase()), ...all.map((text) => `${text}%eth0`)];
}

test('an address has the same spelling in the end, however it was written', (t) => {
  fc.assert(
    fc.property(fc.tuple(group, group, group, group, group, group, group, group), (groups) => {
      const found = new Set(spellings(groups).map(canonicalAddress));
      t.is(found.size, 1, JSON.stringify([groups, [...found]]));
      const [one] = found;
      if (one !== undefined) t.is(canonicalAddress(one), one);
    }),
  );
});

test('IPv4 is IPv4 however it is mapped, and nothing else of IPv6 is', (t) => {
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), group, ([a, b, c, d], before) => {
      const address = `${a}.${b}.${c}.${d}`;
      const [high, low] = [a * 256 + b, c * 256 + d];
      for (const text of spellings([0, 0, 0, 0, 0, 0xffff, high, low]))
        t.is(canonicalAddress(text), address, text);
      fc.pre(before !== 0xffff && !(before === 0 && high === 0 && low < 2));
      for (const text of spellings([0, 0, 0, 0, 0, before, high, low]))
        t.not(canonicalAddress(text), address, text);
      t.false(parseNetwork(`${address}/32`)?.contains(`::${address}`));
    }),
  );
});

test('a network that is written as IPv6 is the IPv4 network that it maps, or none', (t) => {
  for (const [text, cidr] of [
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::FFFF:0a00:0/104', '10.0.0.0/8'],
    ['::ffff:10.0.0.7', '10.0.0.7/32'],
    ['::ffff:10.0.0.7/128', '10.0.0.7/32'],
    ['::ffff:0.0.0.0/96', '0.0.0.0/0'],
    ['::ffff:10.0.0.0/8', undefined],
    ['::ffff:10.0.0.0/95', undefined],
    ['::10.0.0.0/104', undefined],
    ['::10.0.0.7', undefined],
    ['::a00:0/104', undefined],
  ] as const)
    t.is(parseNetwork(text)?.cidr, cidr, text);
});

test('round an address lies its /24, or its /64', (t) => {
  t.is(networkRound('10.1.2.3'), '10.1.2.0/24');
  t.is(networkRound('2001:db8:0:1:2::3'), '2001:db8:0:1::/64');
  t.is(networkRound('nowhere'), undefined);
});

test('a network is a prefix without host bits, of its own family', (t) => {
  for (const text of ['10.0.0.0/8', 'fd00::/8', '192.0.2.7', '::1', '0.0.0.0/0', '::/0'])
    t.truthy(parseNetwork(text), text);
  for (const text of [
    '10.0.0.1/8',
    'fd00::1/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10/8',
    'fe80::%a/10',
    '',
  ])
    t.is(parseNetwork(text), undefined, text);
  t.true(parseNetwork('10.0.0.0/8')?.contains('::ffff:10.255.0.1'));
  t.false(parseNetwork('10.0.0.0/8')?.contains('11.0.0.0'));
  t.false(parseNetwork('::/0')?.contains('10.0.0.1'));
  t.false(parseNetwork('0.0.0.0/0')?.contains('nonsense'));
});

test('who may boot by default is at home: loopback, private and link-local, in both families', (t) => {
  const home = localNetworks.split(',').flatMap((cidr) => parseNetwork(cidr) ?? []);
  t.is(home.length, localNetworks.split(',').length);
  for (const address of [
    '127.0.0.1',
    '10.9.8.7',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.0.1',
    '::1',
    'fd12::1',
    'fe80::1%2',
  ])
    t.true(anyContains(home, address), address);
  for (const address of [
    '8.8.8.8',
    '172.32.0.1',
    '192.169.0.1',
    '100.64.0.1',
    '2001:db8::1',
    '::ffff:8.8.8.8',
    '::',
  ])
    t.false(anyContains(home, address), address);
});
