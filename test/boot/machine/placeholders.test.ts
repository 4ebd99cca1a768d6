import { randomBytes, randomUUID } from 'node:crypto';
import test from 'ava';
import { claimedIdentity, placeholdersIn } from '../../../src/boot/machine/identity.ts';
import {
  isPlaceholderSerial,
  isPlaceholderUuid,
  placeholderSerials,
  placeholderUuids,
  swappedUuid,
} from '../../../src/boot/machine/placeholders.ts';

test('a UUID that boards have in common names none, in either byte order and case', (t) => {
  const common = [
    ...placeholderUuids.map(([uuid]) => uuid),
    '00020003-0004-0005-0006-000700080009',
    '11111111-1111-1111-1111-111111111111',
    'fefefefe-fefe-fefe-fefe-fefefefefefe',
    'deadbeef-dead-beef-dead-beefdeadbeef',
    '00010203-0405-0607-0809-0a0b0c0d0e0f',
    '03020100-0504-0706-0809-0a0b0c0d0e0f',
    '00112233-4455-6677-8899-aabbccddeeff',
    '01234567-89ab-cdef-0123-456789abcdef',
    '12345678-9abc-def0-1234-56789abcdef0',
  ];
  for (const uuid of common)
    for (const one of [uuid, swappedUuid(uuid), uuid.toUpperCase()]) {
      t.deepEqual(
        claimedIdentity((name) => ({ uuid: one })[name]),
        {},
        one,
      );
      t.deepEqual(
        placeholdersIn((name) => ({ uuid: one })[name]),
        { uuid: one.toLowerCase() },
      );
    }
});

test('a serial number that means that nobody set one names no machine, in any case and with blanks round it', (t) => {
  const common = [
    ...placeholderSerials.flatMap(([, serials]) => serials),
    ...[
      '0',
      '00000000',
      '0123456789',
      '123456789',
      '1234567890',
      '12345678',
      '9876543210',
      '0123456789ABCDEF',
    ],
    ...[
      'ABCDEFGH',
      'XXXXXXXX',
      'xxx',
      '........',
      '----',
      '--',
      '?',
      '#',
      '*',
      '11111111',
      '0-0-0',
      '0000-0000',
    ],
    ...[
      'To be filled by O.E.M.',
      'To Be Filled  By OEM',
      'Default string.',
      'System Serial Number',
      'Not Applicable',
    ],
  ];
  for (const serial of common)
    for (const one of [serial, ` ${serial.toUpperCase()} `]) {
      t.true(isPlaceholderSerial(one), one);
      t.deepEqual(
        claimedIdentity((name) => ({ serial: one })[name]),
        {},
        one,
      );
    }
});

test('what makers really give out is taken as it is', (t) => {
  for (const serial of [
    'CZ3411A0BC',
    'S/N 42',
    'S',
    'SN1',
    'SN 1/2 x',
    '7',
    '42',
    'AAB',
    'VMware-56 4d 1a',
    'PF0X1234',
    '5Q4Q7Y1',
  ])
    t.false(isPlaceholderSerial(serial), serial);
  for (const uuid of ['4c4c4544-0044-4a10-8031-b4c04f4b4d31', '00000000-0000-0000-0000-ac1f6b0a0b0c'])
    t.false(isPlaceholderUuid(uuid), uuid);
  for (let n = 0; n < 2000; n += 1) {
    t.false(isPlaceholderUuid(randomUUID()));
    t.false(isPlaceholderSerial(randomBytes(6).toString('hex')));
  }
});
