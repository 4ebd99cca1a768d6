import { z } from 'zod';
import { archs } from '../../../boot/asset.ts';
import { id, text } from '../fields.ts';
import { name, newMachine, newProfile, newUpload } from '../inputs.ts';
import { newRule } from '../rules/rule-schemas.ts';

const profile = newProfile.omit({ machine_id: true });
const upload = newUpload.shape;

const asset = z.strictObject({
  kind: upload.kind,
  name,
  version: name,
  arch: z.enum(archs).default('x86_64'),
  size: upload.size.exactOptional(),
  crc32c: upload.crc32c.exactOptional(),
  sha256: upload.sha256,
  type: upload.type,
  verify: upload.verify,
});

const byName = 'The name of a profile, or one of its own';

/** The state that files describe. */
export const desiredState = z
  .strictObject({
    assets: z.array(asset).max(10_000).default([]),
    profiles: z.array(profile).max(10_000).default([]),
    rules: z
      .array(z.strictObject({ ...newRule.shape, profile: z.union([name, profile]).describe(byName) }))
      .max(1_000)
      .default([]),
    machines: z
      .array(
        newMachine.safeExtend({
          profile: z
            .union([name, profile, z.null()])
            .describe(`${byName}; null: none, rules decide; left out: what it has`)
            .exactOptional(),
        }),
      )
      .max(50_000)
      .default([]),
  })
  .meta({ id: 'DesiredState' });

export const applyQuery = z.strictObject({
  dry_run: z.enum(['1', '0']).default('0').describe('1: only say what would change'),
  prune: z
    .enum(['1', '0'])
    .default('0')
    .describe(
      '1: delete the machines and rules that an earlier apply made and that are not named; takes the role admin',
    ),
});

export const appliedSchema = z
  .strictObject({
    dry_run: z.boolean(),
    changes: z.array(
      z.strictObject({
        action: z.enum(['create', 'change', 'delete']),
        kind: z.enum(['asset', 'profile', 'rule', 'machine']),
        name: text,
        id: id.exactOptional(),
        differences: z.array(
          z.strictObject({
            path: text,
            before: z.unknown().optional(),
            after: z.unknown().optional(),
            text: text.describe('One line for a person'),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Applied', description: 'What an apply changed, or would; nothing: it is so already' });
