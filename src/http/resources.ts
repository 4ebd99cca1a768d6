import { type ZodType, z } from 'zod';
import type { Activation } from '../boot/activation.ts';
import { roles } from '../boot/actor.ts';
import { type Asset, archs, assetKinds, type ResolvedAsset } from '../boot/asset.ts';
import type { AuditEvent } from '../boot/audit.ts';
import type { Client, ClientOverride, ClientOverrides } from '../boot/client.ts';
import type { BootEvent } from '../boot/event.ts';
import type { Hardware, Machine } from '../boot/machine.ts';
import type { PendingMachine } from '../boot/pending.ts';
import type { Plan } from '../boot/plan.ts';
import type { ProfileRevision } from '../boot/profile.ts';
import type { ApiToken } from '../boot/token.ts';

/** What a type says, whoever may write to it. */
type Plain<Type> = Type extends object ? { -readonly [Key in keyof Type]: Plain<Type[Key]> } : Type;

/** True of one and the same type only: types that take each other's values may still differ in what is optional. */
type Same<A, B> =
  (<Type>() => Type extends A ? 1 : 2) extends <Type>() => Type extends B ? 1 : 2 ? true : false;

/** The schema of a type of the policy, under its name in the API's description. The compiler takes none that says anything else. */
export function schemaOf<Type>(id: string, description: string) {
  return <Schema extends ZodType>(
    schema: Same<Plain<z.output<Schema>>, Plain<Type>> extends true ? Schema : never,
  ): Schema => schema.meta({ id, description });
}

/** Of what was made. */
export const location = { Location: 'Where it is from now on' };

export const id = z.string().meta({ format: 'uuid', description: 'UUIDv7' });
export const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC' });
export const text = z.string();
export const bytes = z.int().nonnegative().describe('Bytes');
export const mac = z
  .string()
  .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  .meta({ description: 'MAC address', examples: ['52:54:00:aa:bb:01'] });
const crc32c = z
  .string()
  .regex(/^[A-Za-z0-9+/]{6}==$/)
  .describe('Base64 of the big-endian CRC32C, as Google writes it');
const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('Hex');
const state = z
  .enum(['created', 'uploading', 'verifying', 'ready', 'retired'])
  .describe(
    'created: announced; uploading: the broker opened a session for it; verifying: its bytes are being hashed; ready: it boots; retired: no new profile may name it',
  );

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

export const activationSchema = schemaOf<Activation>(
  'Activation',
  'A move to a profile revision',
)(z.strictObject({ revision: id, at: time }));
/** What a machine and a rule have in common. */
const pointer = {
  active: id.describe('The profile revision that it points to').exactOptional(),
  history: z.array(activationSchema).describe('Oldest first'),
  version: z.int().positive().describe('Each write raises it by one'),
  updated_at: time,
};

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

const assetName = { kind: z.enum(assetKinds), name: text, version: text, arch: z.enum(archs) };
const etag = text.describe('Strong entity tag, with its quotes');

export const assetSchema = schemaOf<Asset>(
  'Asset',
  'Bytes to boot from, which never change',
)(
  z.strictObject({
    ...assetName,
    id,
    upload_id: id,
    bucket: text,
    object: text,
    generation: text.exactOptional(),
    size: bytes,
    crc32c,
    sha256: sha256.exactOptional(),
    type: text.describe('Media type'),
    etag: etag.exactOptional(),
    last_modified: time.exactOptional(),
    state,
    verify: z.literal('full').describe('It is hashed although it does not boot').exactOptional(),
    verified_bytes: bytes.describe('How far the hashing has come, some seconds ago').exactOptional(),
    checked: z.enum(['crc32c', 'sha256']).describe('What the bytes were held to').exactOptional(),
    failure: text.describe('Why the last upload did not become ready').exactOptional(),
    created_at: time,
    updated_at: time,
    ready_at: time.exactOptional(),
    retired_at: time.exactOptional(),
    condemned_at: time.describe('Since when nothing live was seen to refer to it').exactOptional(),
  }),
);

const resolvedAssetSchema = schemaOf<ResolvedAsset>(
  'ResolvedAsset',
  'A ready asset, as a revision pins it',
)(
  z.strictObject({
    ...assetName,
    asset_id: id,
    bucket: text,
    object: text,
    generation: text,
    size: bytes,
    crc32c,
    sha256: sha256.exactOptional(),
    type: text,
    etag,
    last_modified: time,
    ready_at: time,
  }),
);

const revisionFields = {
  id,
  name: text,
  arch: z.enum(archs),
  kernel: resolvedAssetSchema.exactOptional(),
  initrds: z.array(resolvedAssetSchema),
  efi: resolvedAssetSchema.exactOptional(),
  iso: resolvedAssetSchema.exactOptional(),
  cmdline: text,
  metadata: z.record(z.string(), z.unknown()),
  created_at: time,
};
export const profileRevisionSchema = schemaOf<ProfileRevision>(
  'ProfileRevision',
  'One immutable revision of a profile, its assets resolved',
)(z.strictObject(revisionFields));
/** What creating one answers. */
export const createdRevisionSchema = z.strictObject({
  ...revisionFields,
  machine_id: id.describe('The machine that boots it from now on').exactOptional(),
});

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

export const tokenSchema = schemaOf<Omit<ApiToken, 'hash'>>(
  'ApiToken',
  'An API token, without what opens anything',
)(
  z.strictObject({
    id,
    name: text,
    role: z.enum(roles),
    version: z.int().min(1),
    created_at: time,
    expires_at: time.exactOptional(),
    revoked_at: time.exactOptional(),
  }),
);
/** What creating one answers. */
export const createdTokenSchema = tokenSchema.extend({
  token: text.describe('What its holder sends as a bearer. It is shown here alone'),
});

export const auditEventSchema = schemaOf<AuditEvent>(
  'AuditEvent',
  'One change or refusal, in its place in the chain',
)(
  z.strictObject({
    id,
    at: time,
    actor: z.strictObject({
      kind: z.enum(['token', 'oidc', 'bootstrap', 'broker', 'anonymous']),
      id: text,
      role: z.enum(roles).exactOptional(),
    }),
    from: text.describe('Address that it came from').exactOptional(),
    action: text,
    target: z.strictObject({ kind: text, id: text }).exactOptional(),
    outcome: z.enum(['done', 'refused']),
    reason: text.exactOptional(),
    count: z.int().positive().describe('How many refusals of one kind it stands for').exactOptional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    seq: z.int().min(1),
    previous: sha256,
    hash: sha256,
  }),
);

/** A page of a list; `next` goes into `cursor`, and is absent on the last page. */
export function pageSchema(item: ZodType) {
  return z.strictObject({
    items: z.array(item),
    next: text.describe('Cursor of the next page; absent on the last').exactOptional(),
  });
}

const planKindSchema = schemaOf<Plan['kind']>(
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
    reencodesQuery: z.boolean(),
    maxUrlLength: z.int().positive().exactOptional(),
    maxRedirectLength: z.int().positive().exactOptional(),
    needs: z.strictObject({ contentLength: z.boolean(), head: z.boolean(), range: z.boolean() }),
    evidence: z.strictObject({ kind: z.enum(['source', 'binary', 'report', 'guess']), text }),
    overridden: z
      .array(z.enum(['follows_redirects', 'https', 'reencodes_query', 'max_redirect_length']))
      .describe("What the machine's own overrides changed")
      .exactOptional(),
  }),
);
