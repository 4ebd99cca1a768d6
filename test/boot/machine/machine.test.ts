import test from 'ava';
import { claimedIdentity, parseMac, parseUuid } from '../../../src/boot/machine/identity.ts';
import { bootsFrom, type Machine } from '../../../src/boot/machine/machine.ts';

test('a MAC may be spelled in any usual way, and is one', (t) => {
  for (const text of ['52:54:00:AA:bb:01', '52-54-00-aa-bb-01', '5254.00aa.bb01', '525400aabb01'])
    t.is(parseMac(text), '52:54:00:aa:bb:01', text);
});

test('what is no MAC of one interface is none', (t) => {
  const none = [
    '52:54:00:aa:bb',
    '52:54:00:aa:bb:01:02',
    '52:54-00:aa:bb:01',
    '52:54:00:aa:bb:0g',
    '525400aabb01\n',
    ' 525400aabb01',
    '01:00:5e:00:00:01', // a group
    'ff:ff:ff:ff:ff:ff',
    '00:00:00:00:00:00',
    '',
  ];
  for (const text of none) t.is(parseMac(text), undefined, JSON.stringify(text));
});

test('a UUID that means "not set" names no machine', (t) => {
  t.is(parseUuid('0A1B2C3D-0000-4000-8000-00000000000F'), '0a1b2c3d-0000-4000-8000-00000000000f');
  for (const text of [
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '0a1b2c3d00004000800000000000000f',
    '',
  ])
    t.is(parseUuid(text), undefined, text);
});

const claims = (query: Record<string, string>) => claimedIdentity((name) => query[name]);

test('what a loader left unexpanded, and what firmware says when nobody set it, is no claim', (t) => {
  t.deepEqual(claims({ mac: '${net0/mac}', uuid: '${uuid}', serial: '${serial}' }), {});
  for (const serial of [
    'To Be Filled By O.E.M.',
    'Default string',
    '0000',
    'Not Specified',
    'None',
    '',
    ' ',
    'ü',
  ])
    t.deepEqual(claims({ mac: '', serial }), {}, serial);
  const uuid = '0a1b2c3d-0000-4000-8000-00000000000f';
  t.deepEqual(claims({ mac: '52-54-00-AA-BB-01', uuid, serial: ' SN 1/2 x ' }), {
    mac: '52:54:00:aa:bb:01',
    uuid,
    serial: 'SN 1/2 x',
  });
});

test('a mac that is none is refused: it could name another machine, or nobody', (t) => {
  t.like(claims({ mac: '52:54:00', serial: 'SN1' }), { kind: 'refuse', problem: 'bad-identity' });
});

test('a machine that names its networks boots from these alone', (t) => {
  const machine = (...networks: string[]) => ({ networks }) as unknown as Machine;
  t.true(bootsFrom(machine(), '8.8.8.8'));
  t.true(bootsFrom(machine('10.1.0.0/16', 'fd00::/8'), '10.1.2.3'));
  t.false(bootsFrom(machine('10.1.0.0/16', 'fd00::/8'), '10.2.2.3'));
  t.false(bootsFrom(machine('what is no network'), '10.2.2.3'));
});
