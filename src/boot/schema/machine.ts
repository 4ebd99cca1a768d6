import { type ZodType, z } from 'zod';
import { type ClientOverride, clientTable } from '../client.ts';
import type { machineFields } from '../fields/machine.ts';
import { diskWays } from '../machine/disk.ts';
import { schemaOf } from './type.ts';
import { atMost, id, mac, make, managedBy, name, network, pointer, serial, time, uuid } from './values.ts';

export const mostMacs = 32;

const model = z.string().max(256).exactOptional();
const bytes = z.int().positive().describe('Bytes').exactOptional();

const hardware = z
  .strictObject({
    manufacturer: make.exactOptional(),
    product: make.describe('Product name, as SMBIOS has it').exactOptional(),
    cpus: z
      .array(z.strictObject({ model, cores: z.int().positive().exactOptional() }))
      .max(64)
      .exactOptional(),
    memory: bytes,
    nics: z
      .array(z.strictObject({ mac: mac.exactOptional(), model }))
      .max(64)
      .exactOptional(),
    drives: z
      .array(z.strictObject({ model, size: bytes }))
      .max(256)
      .exactOptional(),
    accelerators: z.array(z.strictObject({ model })).max(64).exactOptional(),
  })
  .meta({
    id: 'Hardware',
    description: 'What an administrator wrote down about the parts of a machine',
  });

const clientOverride = schemaOf<ClientOverride>(
  'ClientOverride',
  'What an administrator knows better about one client of one machine',
)(
  z.strictObject({
    follows_redirects: z.boolean().exactOptional(),
    https: z.boolean().exactOptional(),
    reencodes_query: z.boolean().exactOptional(),
    max_redirect_length: z.int().min(64).max(65_536).exactOptional(),
  }),
);

const clientOverrides = z
  .partialRecord(z.enum(['any', ...clientTable.map((row) => row.id)]), clientOverride)
  .meta({
    id: 'ClientOverrides',
    description:
      'By the id of a client, such as `uefi-http-boot`; `any` is for all that have none of their own',
  });

/** What an administrator may say of a machine. */
export const said = {
  name: name.exactOptional(),
  /** A MAC belongs to one machine. */
  macs: z
    .array(mac)
    .max(mostMacs)
    .overwrite((macs) => [...new Set(macs)])
    .default([]),
  uuid: uuid.describe('SMBIOS system UUID').exactOptional(),
  serial: serial.exactOptional(),
  disk_boot: z
    .enum(diskWays)
    .describe('How it goes on to its disk where that is what it boots; absent: as suits its firmware')
    .exactOptional(),
  hardware: hardware.exactOptional(),
  labels: z.record(name, z.string().max(256)).refine(atMost(64), 'must be at most 64').default({}),
  networks: z
    .array(network)
    .max(64)
    .describe('CIDRs that it boots from; empty: any admitted address')
    .default([]),
  /** What its clients can do, where an administrator knows better than the table. */
  client: clientOverrides.exactOptional(),
} satisfies Record<keyof typeof machineFields, ZodType>;

export const newMachine = z
  .strictObject(said)
  .refine((machine) => machine.macs.length > 0 || machine.uuid || machine.serial, {
    error: 'a machine needs a MAC, a UUID or a serial, or it can never be recognised',
  });

export const machineSchema = z
  .strictObject({ id, ...said, managed_by: managedBy, ...pointer, created_at: time })
  .meta({ id: 'Machine', description: 'A machine and all that it may be called' });
