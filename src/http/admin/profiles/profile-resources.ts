import { z } from 'zod';
import { archs, type ResolvedAsset } from '../../../boot/asset.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { assetName, crc32c, etag } from '../assets/asset-resources.ts';
import { bytes, id, schemaOf, sha256, text, time } from '../fields.ts';

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
