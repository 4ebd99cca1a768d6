import { z } from 'zod';
import { type Asset, assetConditions, assetStates, type ResolvedAsset } from '../asset/asset.ts';
import { type AssetName, archs, assetKinds } from '../asset/asset-name.ts';
import { filenameFault } from '../asset/filename.ts';
import { type Program, programFormats } from '../asset/program.ts';
import { schemaOf } from './type.ts';
import { arch, bytes, crc32c, id, name, sha256, text, time, version } from './values.ts';

const mediaType = z
  .string()
  .regex(/^[\w.+-]{1,64}\/[\w.+-]{1,64}$/, 'must be a media type without parameters');
const etag = text.describe('Strong entity tag, with its quotes');
const filename = text
  .describe('Where an image has several of a kind (efi, file), the name of each but one')
  .exactOptional();
const assetName = { kind: z.enum(assetKinds), name, version, arch: z.enum(archs), filename };

/** What may have a filename, and which. */
export function checkFilename(
  asset: Pick<AssetName, 'kind'> & { readonly filename?: string },
  context: z.RefinementCtx,
): void {
  const message = filenameFault(asset);
  if (message) context.addIssue({ code: 'custom', path: ['filename'], message });
}

/** What an administrator may say of an asset and its bytes. */
export const said = {
  ...assetName,
  arch,
  size: bytes.positive().max(5 * 2 ** 40, 'must be at most 5 TiB, the limit of Cloud Storage'),
  crc32c,
  sha256: sha256.exactOptional(),
  type: mediaType.exactOptional(),
  verify: z.enum(['full', 'checksum']).exactOptional(),
};

/** An asset that has to be there. */
export const listedAsset = z
  .strictObject({
    ...said,
    arch: said.arch.default('x86_64'),
    size: said.size.exactOptional(),
    crc32c: said.crc32c.exactOptional(),
  })
  .superRefine(checkFilename);

const state = z
  .enum(assetStates)
  .describe(
    'created: announced; uploading: the broker opened a session for it; verifying: its bytes are being hashed; ready: it boots; retired: no new profile may name it',
  );

const program = schemaOf<Program>(
  'Program',
  'What the head of a kernel or an EFI program says of it',
)(
  z.strictObject({
    format: z.enum(programFormats),
    arch: text.exactOptional(),
    cmdline_size: bytes.describe('Bytes that its command line may have').exactOptional(),
  }),
);

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
    program: program.exactOptional(),
    failure: text.describe('Why the last upload did not become ready').exactOptional(),
    condition: z
      .enum(assetConditions)
      .describe('damaged: its bytes are lost or changed, and no machine is given them')
      .exactOptional(),
    damage: text.describe('How its bytes are not as they should be').exactOptional(),
    damaged_at: time.describe('Since when that is known').exactOptional(),
    scrubbed_at: time.describe('When its bytes were last found as they should be').exactOptional(),
    created_at: time,
    updated_at: time,
    ready_at: time.exactOptional(),
    retired_at: time.exactOptional(),
    condemned_at: time.describe('Since when nothing live was seen to refer to it').exactOptional(),
    networks: z
      .array(text)
      .describe(
        'Where it is handed out by its name, because only machines that boot from there have it; none: everywhere',
      )
      .exactOptional(),
  }),
);

export const resolvedAssetSchema = schemaOf<ResolvedAsset>(
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
    program: program.exactOptional(),
    loaded_as: text.describe('Of an initrd: the name under which it is loaded').exactOptional(),
  }),
);
