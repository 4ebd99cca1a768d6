import { z } from 'zod';
import { type Upload, uploadModes, uploadStates } from '../boot/upload.ts';
import { assetSchema, bytes, id, schemaOf, text, time } from './resources.ts';

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
