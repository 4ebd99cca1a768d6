import { z } from 'zod';
import { type Asset, archs, assetKinds } from '../../../boot/asset.ts';
import { type Upload, uploadModes, uploadStates } from '../../../boot/upload.ts';
import { bytes, id, schemaOf, sha256, text, time } from '../fields.ts';

export const crc32c = z
  .string()
  .regex(/^[A-Za-z0-9+/]{6}==$/)
  .describe('Base64 of the big-endian CRC32C, as Google writes it');
const state = z
  .enum(['created', 'uploading', 'verifying', 'ready', 'retired'])
  .describe(
    'created: announced; uploading: the broker opened a session for it; verifying: its bytes are being hashed; ready: it boots; retired: no new profile may name it',
  );

export const assetName = { kind: z.enum(assetKinds), name: text, version: text, arch: z.enum(archs) };
export const etag = text.describe('Strong entity tag, with its quotes');

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

export const uploadSchema = schemaOf<Upload>(
  'Upload',
  'One attempt to bring the bytes of an asset',
)(
  z.strictObject({
    id,
    asset_id: id,
    object: text,
    mode: z.enum(uploadModes).describe('Who opens the session: the uploader, by a signed URL, or the broker'),
    state: z.enum(uploadStates).describe('From all but open there is no way back: a new upload is needed'),
    expires_at: time,
    created_at: time,
  }),
);

const started = {
  id,
  asset_id: id,
  headers: z.record(z.string(), text).describe('To be sent along, as they are'),
  expires_at: time,
};

export const startedUploadSchema = z
  .discriminatedUnion('mode', [
    z.strictObject({
      ...started,
      mode: z.literal('signed'),
      signed_url: z
        .string()
        .describe('Starts the session. A bearer capability: whoever has it may send the bytes'),
      method: z.literal('POST'),
    }),
    z.strictObject({
      ...started,
      mode: z.literal('session'),
      session_uri: z
        .string()
        .describe(
          'Of the session itself. A bearer capability: whoever has it may send the bytes, for a week',
        ),
      method: z.literal('PUT'),
    }),
  ])
  .meta({ id: 'StartedUpload', description: 'Under which capability the bytes may come' });

export const collectedSchema = z
  .strictObject({
    dry_run: z.boolean(),
    assets: z.array(
      z.strictObject({
        fate: z
          .enum(['kept', 'condemned', 'deleted'])
          .describe('condemned: it is deleted an hour later, if nothing refers to it until then'),
        asset: assetSchema,
        because: text,
      }),
    ),
    orphans: z
      .array(z.strictObject({ object: text, size: z.int().min(0), created_at: time }))
      .describe('Objects that no record knows'),
    bytes: bytes.min(0).describe('That were freed, or would be'),
  })
  .meta({ id: 'Collected', description: 'What became of each retired asset, and of lost objects' });
