import { z } from 'zod';
import { assetSchema } from '../../../boot/schema/asset.ts';
import { bytes, id, text, time } from '../../../boot/schema/values.ts';

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
