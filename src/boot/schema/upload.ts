import { z } from 'zod';
import { boots } from '../asset/asset.ts';
import { type Upload, uploadModes, uploadStates } from '../asset/upload.ts';
import { checkFilename, said } from './asset.ts';
import { schemaOf } from './type.ts';
import { id, text, time } from './values.ts';

const mode = z
  .enum(uploadModes)
  .describe('Who opens the session: the uploader, by a signed URL, or the broker');

/** An asset that is announced, and how its bytes are to come. */
export const newUpload = z
  .strictObject({ ...said, mode: mode.default('signed') })
  .superRefine(checkFilename)
  .refine(({ kind, verify }) => verify !== 'checksum' || !boots(kind), {
    path: ['verify'],
    error: 'must be full for whatever boots: leave it out',
  })
  .refine((upload) => upload.kind !== 'efi' || (upload.type ?? 'application/efi') === 'application/efi', {
    path: ['type'],
    error: 'must be application/efi: firmware takes no other',
  });

export const uploadSchema = schemaOf<Upload>(
  'Upload',
  'One attempt to bring the bytes of an asset',
)(
  z.strictObject({
    id,
    asset_id: id,
    object: text,
    mode,
    state: z.enum(uploadStates).describe('From all but open there is no way back: a new upload is needed'),
    expires_at: time,
    created_at: time,
  }),
);
