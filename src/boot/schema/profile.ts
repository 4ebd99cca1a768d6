import { type ZodType, z } from 'zod';
import { archs } from '../asset/asset-name.ts';
import { parseAssetReference } from '../asset/asset-reference.ts';
import { initrdText, isFileName, parseInitrd, sharedName } from '../asset/initrd.ts';
import type { profileFields } from '../fields/profile.ts';
import { cmdlineSourceFault } from '../template/cmdline.ts';
import { resolvedAssetSchema } from './asset.ts';
import { arch, atMost, id, name, time } from './values.ts';

const reference = z
  .string()
  .refine(
    (text) => parseAssetReference(text) !== undefined,
    "must be NAME@VERSION of an asset, NAME@VERSION/FILENAME where that has one, or an asset's id",
  );

const initrdName = z
  .string()
  .refine(
    isFileName,
    'must be 1 to 64 of A-Z a-z 0-9 . _ - and no name that the broker uses itself, such as initrd0',
  );

/** An initrd, as `NAME@VERSION`, as `boot.wim=NAME@VERSION`, or as both in an object. */
const initrd = z
  .union([
    z.string().transform(parseInitrd),
    z.strictObject({ name: initrdName.exactOptional(), asset: z.string() }),
  ])
  .pipe(z.strictObject({ name: initrdName.exactOptional(), asset: reference }).transform(initrdText));

const initrds = z
  .array(initrd)
  .max(64)
  .refine((all) => sharedName(all) === undefined, {
    error: (issue) => `two are called ${sharedName(issue.input as unknown[])}`,
  });

/** What nests without end exhausts the stack of whoever walks it. */
const anyJson = z.unknown().refine((value) => nestsWithin(value, 32), 'must not nest deeper than 32 levels');

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => nestsWithin(part, levels - 1));
}

/** Firestore takes documents of at most 1 MiB, and what boots carries more than this. */
function isShort(value: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(value)) <= 64 * 1024;
}

const cmdline = z.string().superRefine((text, context) => {
  const fault = cmdlineSourceFault(text);
  if (fault) context.addIssue(fault);
});
const metadata = z.record(z.string().max(128), anyJson).refine(isShort, 'must be at most 64 KiB as JSON');

const disk = z.literal(true).describe('It starts nothing: the machine goes on to its own disk');

/** What an administrator may say of a profile, whoever is to boot it. */
const said = {
  name,
  arch: arch.exactOptional(),
  kernel: reference.exactOptional(),
  initrd: initrd.describe('The only initrd').exactOptional(),
  initrds: initrds.exactOptional(),
  efi: reference.exactOptional(),
  iso: reference.exactOptional(),
  rootfs: reference.exactOptional(),
  files: z
    .record(name, reference)
    .refine(atMost(64), 'must be at most 64')
    .describe('What else a live system fetches, by the names that it has in URLs')
    .exactOptional(),
  disk: disk.exactOptional(),
  cmdline: cmdline.default(''),
  metadata: metadata.default({}),
} satisfies Record<Exclude<keyof typeof profileFields, 'machine_id'> | 'initrd', ZodType>;

interface Initrds {
  readonly initrd?: string;
  readonly initrds?: readonly string[];
}

const saysOne = ({ initrd, initrds }: Initrds) => initrd === undefined || initrds === undefined;
const saysOneError = { path: ['initrd'], error: 'says the same as initrds: write one of them' };

/** With its initrds in one list, however they were said. */
function gathered<Said extends Initrds>({ initrd, initrds, ...rest }: Said) {
  return { ...rest, initrds: initrds ?? (initrd === undefined ? [] : [initrd]) };
}

/** A profile as files list it. */
export const listedProfile = z.strictObject(said).refine(saysOne, saysOneError).transform(gathered);

const nameless = { ...said, name: name.exactOptional() };

/** A profile that one machine has of its own: without a name it takes the machine's. */
export const ownProfile = z.strictObject(nameless).refine(saysOne, saysOneError).transform(gathered);

/** A new revision of a profile; with a machine, which boots it from now on, it needs no name of its own. */
export const newProfile = z
  .strictObject({ ...nameless, machine_id: name.exactOptional() })
  .refine(saysOne, saysOneError)
  .transform(gathered);

const revisionFields = {
  id,
  name,
  arch: z.enum(archs),
  kernel: resolvedAssetSchema.exactOptional(),
  initrds: z.array(resolvedAssetSchema),
  efi: resolvedAssetSchema.exactOptional(),
  iso: resolvedAssetSchema.exactOptional(),
  rootfs: resolvedAssetSchema.exactOptional(),
  files: z.record(z.string(), resolvedAssetSchema).exactOptional(),
  disk: disk.exactOptional(),
  cmdline: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  created_at: time,
  machine_id: id.describe('The machine that it was made for').exactOptional(),
};

export const profileRevisionSchema = z.strictObject(revisionFields).meta({
  id: 'ProfileRevision',
  description: 'One immutable revision of a profile, its assets resolved',
});

/** What creating one answers. */
export const createdRevisionSchema = z.strictObject({
  ...revisionFields,
  machine_id: id.describe('The machine that boots it from now on').exactOptional(),
});
