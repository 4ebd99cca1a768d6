import test from 'ava';
import { anyContains, canonicalAddress, localNetworks, parseNetwork } from '../../src/boot/network.ts';

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
    ['', undefined],
  ];
  for (const [text, address] of spellings) t.is(canonicalAddress(text), address, text);
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
