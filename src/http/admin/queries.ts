import { z } from 'zod';
import type { Asset } from '../../boot/asset/asset.ts';
import type { Upload } from '../../boot/asset/upload.ts';
import { assetFields } from '../../boot/fields/asset.ts';
import { searchable } from '../../boot/fields/field.ts';
import { machineFields } from '../../boot/fields/machine.ts';
import { profileFields } from '../../boot/fields/profile.ts';
import { uploadFields } from '../../boot/fields/upload.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import { assetSchema } from '../../boot/schema/asset.ts';
import { machineSchema } from '../../boot/schema/machine.ts';
import { profileRevisionSchema } from '../../boot/schema/profile.ts';
import { uploadSchema } from '../../boot/schema/upload.ts';
import { arch, mac, make, name, serial, uuid } from '../../boot/schema/values.ts';
import { edgeCapabilities } from '../../boot/source.ts';
import type { PageRequest } from '../../records/records.ts';
import { searched } from './search-query.ts';

export const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(512).exactOptional(),
});
const machineSearch = searchable(machineFields).map(([, { flag }]) => flag);
export const machinesQuery = page
  .extend(searched<Machine>()(machineFields, machineSchema.shape))
  .refine(({ limit: _, cursor: __, ...search }) => Object.keys(search).length <= 1, {
    error: `search by one of ${machineSearch.slice(0, -1).join(', ')} and ${machineSearch.at(-1)} at a time`,
  });
export const profilesQuery = page.extend(
  searched<ProfileRevision>()(profileFields, profileRevisionSchema.shape),
);
export const assetsQuery = page.extend(searched<Asset>()(assetFields, { ...assetSchema.shape, arch }));
export const uploadsQuery = page.extend(searched<Upload>()(uploadFields, uploadSchema.shape));
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
  manufacturer: make.describe('SMBIOS manufacturer').exactOptional(),
  product: make.describe('SMBIOS product name').exactOptional(),
  user_agent: z.string().max(512).exactOptional(),
  arch: z
    .string()
    .min(1)
    .max(40)
    .describe("What it would say of its architecture, such as iPXE's buildarch")
    .exactOptional(),
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
