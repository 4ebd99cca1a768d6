import { z } from 'zod';
import { archs, assetKinds, boots, isName } from '../../boot/asset.ts';
import { clientTable } from '../../boot/client.ts';
import { cmdlineSourceFault } from '../../boot/cmdline.ts';
import { isSerial, parseMac, parseUuid } from '../../boot/machine.ts';
import { parseNetwork } from '../../boot/network.ts';
import { parseArch, parseAssetReference } from '../../boot/profile.ts';
import { edgeCapabilities } from '../../boot/source.ts';
import { uploadModes, uploadStates } from '../../boot/upload.ts';
import type { PageRequest } from '../../records/records.ts';

/** Checks by one of boot/'s own parsers, and takes over its spelling. */
function spelled(parse: (text: string) => string | undefined, wanted: string) {
  return z
    .string()
    .max(256)
    .transform((text, context) => {
      const spelling = parse(text);
      if (spelling === undefined) context.addIssue(`must be ${wanted}`);
      return spelling ?? z.NEVER;
    });
}

export const name = z.string().refine(isName, 'must be 1 to 128 of A-Z a-z 0-9 . _ - and neither . nor ..');
export const mac = spelled(parseMac, "one interface's MAC address, such as 52:54:00:aa:bb:01");
export const uuid = spelled(parseUuid, 'an SMBIOS UUID that is set');
export const serial = z.string().refine(isSerial, 'must be 1 to 128 printable ASCII characters');
export const network = spelled(
  (text) => parseNetwork(text)?.cidr,
  'a network in CIDR form without host bits',
);
const bytes = z.int().positive();
const model = z.string().max(256).exactOptional();

const hardware = z.strictObject({
  cpus: z
    .array(z.strictObject({ model, cores: z.int().positive().exactOptional() }))
    .max(64)
    .exactOptional(),
  memory: bytes.exactOptional(),
  nics: z
    .array(z.strictObject({ mac: mac.exactOptional(), model }))
    .max(64)
    .exactOptional(),
  drives: z
    .array(z.strictObject({ model, size: bytes.exactOptional() }))
    .max(256)
    .exactOptional(),
  accelerators: z.array(z.strictObject({ model })).max(64).exactOptional(),
});

const clientOverride = z.strictObject({
  follows_redirects: z.boolean().exactOptional(),
  https: z.boolean().exactOptional(),
  reencodes_query: z.boolean().exactOptional(),
  max_redirect_length: z.int().min(64).max(65_536).exactOptional(),
});
const clientIds = ['any', ...clientTable.map(({ id }) => id)];

export const labels = z
  .record(name, z.string().max(256))
  .refine(atMost(64), 'must be at most 64')
  .default({});
export const networks = z.array(network).max(64).default([]);

export const newMachine = z
  .strictObject({
    name: name.exactOptional(),
    macs: z.array(mac).max(32).default([]),
    uuid: uuid.exactOptional(),
    serial: serial.exactOptional(),
    hardware: hardware.exactOptional(),
    labels,
    networks,
    client: z.partialRecord(z.enum(clientIds), clientOverride).exactOptional(),
  })
  .refine((machine) => machine.macs.length > 0 || machine.uuid || machine.serial, {
    error: 'a machine needs a MAC, a UUID or a serial, or it can never be recognised',
  });

const crc32c = z
  .string()
  .regex(/^[A-Za-z0-9+/]{5}[AQgw]==$/, 'must be base64 of the big-endian CRC32C, 8 characters');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

export const newUpload = z
  .strictObject({
    kind: z.enum(assetKinds),
    name,
    version: name,
    arch: z.enum(archs),
    size: bytes.max(5 * 2 ** 40, 'must be at most 5 TiB, the limit of Cloud Storage'),
    crc32c,
    sha256: sha256.exactOptional(),
    type: z
      .string()
      .regex(/^[\w.+-]{1,64}\/[\w.+-]{1,64}$/, 'must be a media type without parameters')
      .exactOptional(),
    mode: z.enum(uploadModes).default('signed'),
    verify: z.enum(['full', 'checksum']).exactOptional(),
  })
  .refine(({ kind, verify }) => verify !== 'checksum' || !boots(kind), {
    path: ['verify'],
    error: 'must be full for whatever boots: leave it out',
  })
  .refine((upload) => upload.kind !== 'efi' || (upload.type ?? 'application/efi') === 'application/efi', {
    path: ['type'],
    error: 'must be application/efi: firmware takes no other',
  });

const reference = z
  .string()
  .refine((text) => parseAssetReference(text) !== undefined, 'must be NAME@VERSION of an asset');

/** What nests without end exhausts the stack of whoever walks it. */
const anyJson = z.unknown().refine((value) => nestsWithin(value, 32), 'must not nest deeper than 32 levels');

/** Firestore takes documents of at most 1 MiB, and what boots carries more than this. */
function isShort(value: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(value)) <= 64 * 1024;
}

function atMost(count: number): (value: object) => boolean {
  return (value) => Object.keys(value).length <= count;
}

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => nestsWithin(part, levels - 1));
}

export const newProfile = z.strictObject({
  name,
  machine_id: name.exactOptional(),
  arch: z.enum(archs).exactOptional(),
  kernel: reference.exactOptional(),
  initrds: z.array(reference).max(64).default([]),
  efi: reference.exactOptional(),
  iso: reference.exactOptional(),
  cmdline: z
    .string()
    .superRefine((text, context) => {
      const fault = cmdlineSourceFault(text);
      if (fault) context.addIssue(fault);
    })
    .default(''),
  metadata: z
    .record(z.string().max(128), anyJson)
    .refine(isShort, 'must be at most 64 KiB as JSON')
    .default({}),
});

export const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(512).exactOptional(),
});
export const machinesQuery = page
  .extend({
    mac: mac.exactOptional(),
    uuid: uuid.exactOptional(),
    serial: serial.exactOptional(),
    label: z
      .string()
      .max(400)
      .transform((text, context) => {
        const [, key = '', value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
        if (value === undefined) context.addIssue('must be KEY=VALUE');
        return { key, value: value ?? '' };
      })
      .exactOptional(),
  })
  .refine(({ mac, uuid, serial, label }) => [mac, uuid, serial, label].filter(Boolean).length <= 1, {
    error: 'search by one of mac, uuid, serial and label at a time',
  });
export const profilesQuery = page.extend({ name: name.exactOptional() });
export const assetsQuery = page.extend({
  kind: z.enum(assetKinds).exactOptional(),
  name: name.exactOptional(),
  version: name.exactOptional(),
  state: z.enum(['created', 'uploading', 'verifying', 'ready', 'retired']).exactOptional(),
});
export const uploadsQuery = page.extend({ state: z.enum(uploadStates).exactOptional() });
export const collectQuery = z.strictObject({
  dry_run: z
    .enum(['0', '1'])
    .default('0')
    .transform((text) => text === '1'),
  /** Younger ones may belong to an upload whose session still lives. */
  orphan_days: z.coerce.number().int().min(8).max(3650).default(14),
});
export const bootsQuery = page.extend({ machine: name.exactOptional() });
export const explainQuery = z.strictObject({
  mac: mac.exactOptional(),
  uuid: uuid.exactOptional(),
  serial: serial.exactOptional(),
  user_agent: z.string().max(512).exactOptional(),
  arch: spelled(parseArch, 'an architecture, x86_64 or arm64').pipe(z.enum(archs)).exactOptional(),
  source: z.string().max(64).exactOptional(),
  forwarded_for: z.string().max(512).describe('X-Forwarded-For').exactOptional(),
  facts: z
    .enum(['1'])
    .describe('Also all that the decision goes by, for bootbroker explain --replay')
    .exactOptional(),
  hw: mac.describe('MAC of the interface that an edge would say speaks').exactOptional(),
  edge: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(edgeCapabilities)).max(edgeCapabilities.length))
    .exactOptional(),
});

export function pageOf({ limit, cursor }: { limit: number; cursor?: string }): PageRequest {
  return { limit, ...(cursor !== undefined && { cursor }) };
}
