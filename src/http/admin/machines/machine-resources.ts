import { z } from 'zod';
import type { BootEvent } from '../../../boot/boot-event.ts';
import type { Client, ClientOverride, ClientOverrides } from '../../../boot/client.ts';
import type { Hardware, Machine } from '../../../boot/machine.ts';
import type { PendingMachine } from '../../../boot/pending-machine.ts';
import type { Plan } from '../../../boot/plan.ts';
import { bytes, id, mac, pointer, schemaOf, text, time } from '../fields.ts';

const hardwareSchema = schemaOf<Hardware>(
  'Hardware',
  'What an administrator wrote down about the parts of a machine',
)(
  z.strictObject({
    cpus: z
      .array(z.strictObject({ model: text.exactOptional(), cores: z.int().positive().exactOptional() }))
      .exactOptional(),
    memory: bytes.exactOptional(),
    nics: z.array(z.strictObject({ mac: mac.exactOptional(), model: text.exactOptional() })).exactOptional(),
    drives: z
      .array(z.strictObject({ model: text.exactOptional(), size: bytes.exactOptional() }))
      .exactOptional(),
    accelerators: z.array(z.strictObject({ model: text.exactOptional() })).exactOptional(),
  }),
);

const clientOverrideSchema = schemaOf<ClientOverride>(
  'ClientOverride',
  'What an administrator knows better about one client of one machine',
)(
  z.strictObject({
    follows_redirects: z.boolean().exactOptional(),
    https: z.boolean().exactOptional(),
    reencodes_query: z.boolean().exactOptional(),
    max_redirect_length: z.int().positive().exactOptional(),
  }),
);

const clientOverridesSchema = schemaOf<ClientOverrides>(
  'ClientOverrides',
  'By the id of a client, such as `uefi-http-boot`; `any` is for all that have none of their own',
)(z.partialRecord(z.string(), clientOverrideSchema));

export const machineSchema = schemaOf<Machine>(
  'Machine',
  'A machine and all that it may be called',
)(
  z.strictObject({
    id,
    name: text.exactOptional(),
    macs: z.array(mac),
    uuid: z.string().describe('SMBIOS system UUID').exactOptional(),
    serial: text.exactOptional(),
    hardware: hardwareSchema.exactOptional(),
    labels: z.record(z.string(), text),
    networks: z.array(text).describe('CIDRs that it boots from; empty: any admitted address'),
    client: clientOverridesSchema.exactOptional(),
    managed_by: z.literal('apply').describe('Made or taken over by an apply').exactOptional(),
    ...pointer,
    created_at: time,
  }),
);

export const pendingSchema = schemaOf<PendingMachine>(
  'PendingMachine',
  'A machine that nobody has registered and that asked to boot. All but the address is its own word',
)(
  z.strictObject({
    id: text.describe('The same for whoever says the same of itself'),
    mac: mac.exactOptional(),
    uuid: text.exactOptional(),
    serial: text.exactOptional(),
    arch: text.exactOptional(),
    platform: text.exactOptional(),
    version: text.exactOptional(),
    address: text.describe('Where it asked from the last time'),
    first_seen: time,
    last_seen: time,
    count: z.int().positive().describe('How often it asked'),
  }),
);

export const bootEventSchema = schemaOf<BootEvent>(
  'BootEvent',
  'Something that happened in the boot of a machine',
)(
  z.strictObject({
    id: text,
    at: time,
    machine_id: id,
    revision: id.exactOptional(),
    stage: text.describe('script, asset, or what the machine reported: up, installed, failed, ...'),
    source: text.describe('Address that it came from'),
    detail: text.exactOptional(),
  }),
);

const planKindSchema = schemaOf<Plan['kind'] | 'refuse'>(
  'PlanKind',
  'Who follows the signed URL: the client (redirect), the edge (handoff), or the broker (stream)',
)(z.enum(['text', 'redirect', 'handoff', 'stream', 'refuse']));
export const planned = { plan: planKindSchema, reason: text };
export const clientSchema = schemaOf<Client>(
  'Client',
  'What a caller is able to do, and how that is known',
)(
  z.strictObject({
    id: text,
    followsRedirects: z.boolean(),
    https: z.boolean(),
    runsScripts: z.literal(true).describe('It runs an iPXE script').exactOptional(),
    reencodesQuery: z.boolean(),
    maxRedirectLength: z.int().positive().exactOptional(),
    evidence: z.strictObject({ kind: z.enum(['source', 'binary', 'report', 'guess']), text }),
    overridden: z
      .array(z.enum(['follows_redirects', 'https', 'reencodes_query', 'max_redirect_length']))
      .describe("What the machine's own overrides changed")
      .exactOptional(),
  }),
);
