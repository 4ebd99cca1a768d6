/**
 * UUIDs and serial numbers that firmware says where nobody set one: they are on boards by the million, and name none. Data, with
 * where each was seen; both byte orders of a UUID are meant.
 */
export const placeholderUuids: readonly (readonly [uuid: string, seen: string])[] = [
  [
    '03000200-0400-0500-0006-000700080009',
    'AMI defaults, many makers: FOGProject #196, #198; FreeBSD rc.d/hostid',
  ],
  [
    '12345678-1234-5678-90ab-cddeefaabbcc',
    "OEM firmware nobody filled in: FOGProject's list of invalid UUIDs",
  ],
  ['12345678-1234-5678-1234-567812345678', 'sample firmware, in the ignore lists of inventory agents'],
  ['ffffff00-ffff-ffff-ffff-ffffffffffff', "FOGProject's list of invalid UUIDs"],
  ['07090201-0103-0301-0807-060504030201', 'FreeBSD rc.d/hostid'],
  ['11111111-2222-3333-4444-555555555555', 'FreeBSD rc.d/hostid'],
  ['890e2d14-cacd-45d1-ae66-bc80e8bfeb0f', 'FreeBSD rc.d/hostid'],
  ['8e275844-178f-44a8-aceb-a7d7e5178c63', 'FreeBSD rc.d/hostid'],
  ['dc698397-fa54-4cf2-82c8-b1b5307a6a7f', 'FreeBSD rc.d/hostid'],
  [
    '4c4c4544-0000-2010-8020-80c04f202020',
    "Dell's form of a UUID, of an empty service tag: FreeBSD rc.d/hostid",
  ],
  ['8a95d198-7f46-11e5-bf8b-08002704d48e', "EDK2's Arm sample platforms: SolidRun/lx2160a_uefi #4"],
];

/** In lower case, trimmed, with single blanks. */
export const placeholderSerials: readonly (readonly [seen: string, serials: readonly string[]])[] = [
  [
    'defaults of firmware makers (fleetdm/fleet #25993, #27470; OCSInventory-ocsreports #1652)',
    [
      'to be filled by o.e.m.',
      'to be filled by o.e.m',
      'to be filled by oem',
      'filled by o.e.m.',
      'filled by oem',
      'to be defined by o.e.m.',
      'to be set by oem',
      'o.e.m.',
      'o.e.m',
      'oem',
      'oem default string000',
      'default',
      'default string',
      'default_string',
      'default serial',
      'default serial number',
      'defaultstring',
      'standard',
      'reserved',
      'sernum',
      'empty string',
      'insyde',
    ],
  ],
  [
    "names of SMBIOS' own fields (Dasharo/dasharo-issues #730; fusioninventory-for-glpi #829; EDK2's samples)",
    [
      'serial',
      'serial number',
      'serialnumber',
      'serial#',
      'system serial',
      'system serial number',
      'systemserialnumb',
      'system serial#',
      'system-serial-number',
      'chassis serial number',
      'chassis serial#',
      'base board serial number',
      'baseboard serial number',
      'board serial number',
      'mb-1234567890',
      'product serial number',
      'sys-1234567890',
      'type1sn',
      'type2 - board serial number',
      'type2sn',
      'type3sn',
      's/n',
      'sn',
      'ssn',
    ],
  ],
  [
    'words for nothing (dmidecode; redhat-cip/hardware #5; fusioninventory-for-glpi #783, #978, #1455)',
    [
      '<bad index>',
      '<out of spec>',
      'bad index',
      'blank',
      'dummy',
      'empty',
      'example',
      'fail',
      'false',
      'invalid',
      'n/a',
      'na',
      'n.a.',
      'n/a.',
      'nil',
      'no asset information',
      'no asset tag',
      'no serial',
      'no serial number',
      'none',
      'not applicable',
      'not assigned',
      'not available',
      'not defined',
      'not present',
      'not provided',
      'not set',
      'not settable',
      'not specified',
      'not supported',
      'notset',
      'null',
      'tbd',
      'todo',
      'undefined',
      'uninitialized',
      'unknown',
      'unknow',
      'unset',
      'unspecified',
      'unused',
      '(none)',
      '(null)',
      '[none]',
      '<none>',
      '<null>',
      '<unknown>',
    ],
  ],
  [
    'keys in a row (Supermicro, Shuttle and others)',
    ['1q2w3e4r', '1234qwer', 'qwerty', 'abc123', 'a1b2c3d4'],
  ],
];

const knownUuids = new Set(placeholderUuids.map(([uuid]) => uuid));
const knownSerials = new Set(placeholderSerials.flatMap(([, serials]) => serials));

/** Whether a UUID, in lower case, says no more than that nobody set one. */
export function isPlaceholderUuid(uuid: string): boolean {
  return [uuid, swappedUuid(uuid)].some((one) => {
    const digits = one.replaceAll('-', '');
    return knownUuids.has(one) || isRepeated(digits) || isInARow(digits) || isCounted(digits);
  });
}

/** Whether a serial number says no more than that nobody set one, whatever its case and the blanks round it. */
export function isPlaceholderSerial(serial: string): boolean {
  const text = serial.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  if (knownSerials.has(text) || knownSerials.has(text.replace(/[\s.!]+$/, ''))) return true;
  const bare = text.replaceAll(/[\s._:/-]/g, '');
  // Nothing but signs; zeros; one letter or figure again and again.
  if (!/[a-z0-9]/.test(bare) || /^0+$/.test(bare) || /^(.)\1{2,}$/.test(bare)) return true;
  return bare.length >= 4 && isInARow(bare);
}

/** The same UUID in the other byte order: SMBIOS 2.6 swaps its first three fields, and old firmware and loaders do not (SMBIOS 7.2.1). */
export function swappedUuid(uuid: string): string {
  const [a = '', b = '', c = '', ...rest] = uuid.split('-');
  const swapped = [a, b, c].map((field) => field.match(/../g)?.reverse().join('') ?? field);
  return [...swapped, ...rest].join('-');
}

/** One to four octets again and again, such as fefefefe-fefe-... or deadbeef-dead-beef-... */
function isRepeated(digits: string): boolean {
  return /^(.{1,8})\1+$/.test(digits);
}

/** Each one more than the one before, or each one less, such as 0123456789 or 9876543210; after 9 comes 0, after f too. */
function isInARow(text: string): boolean {
  return ['01234567890123456789', '0123456789abcdef', 'abcdefghijklmnopqrstuvwxyz'].some((row) => {
    const rows = row.repeat(Math.ceil(text.length / row.length) + 1);
    return rows.includes(text) || [...rows].reverse().join('').includes(text);
  });
}

/** Octets that go up by the same step, such as 00010203-0405-... or 00112233-4455-... */
function isCounted(digits: string): boolean {
  const octets = digits.match(/../g)?.map((octet) => Number.parseInt(octet, 16)) ?? [];
  const steps = new Set(octets.slice(1).map((octet, n) => (octet - (octets[n] ?? 0) + 256) % 256));
  return steps.size === 1;
}
