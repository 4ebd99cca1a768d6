import { z } from 'zod';
import { listedAsset } from '../../../boot/schema/asset.ts';
import { newMachine } from '../../../boot/schema/machine.ts';
import { listedProfile, ownProfile } from '../../../boot/schema/profile.ts';
import { newRule } from '../../../boot/schema/rule.ts';
import { id, name, text } from '../../../boot/schema/values.ts';
import { warningsField } from '../write/warnings.ts';

const byName = 'The name of a profile, or one of its own';

const listedMachine = newMachine
  .safeExtend({
    profile: z
      .union([name, ownProfile, z.null()])
      .describe(
        `${byName}, which without a name takes the machine's; null: none, rules decide; left out: what it has`,
      )
      .exactOptional(),
  })
  .transform(({ profile, ...machine }, context) => {
    if (profile === undefined) return machine;
    if (profile === null || typeof profile === 'string') return { ...machine, profile };
    const called = profile.name ?? machine.name;
    if (called === undefined)
      context.addIssue({
        code: 'custom',
        path: ['profile', 'name'],
        message: 'must be given, for the machine has no name',
      });
    return { ...machine, profile: { ...profile, name: called ?? z.NEVER } };
  });

/** The state that files describe. */
export const desiredState = z
  .strictObject({
    assets: z.array(listedAsset).max(10_000).default([]),
    profiles: z.array(listedProfile).max(10_000).default([]),
    rules: z
      .array(z.strictObject({ ...newRule.shape, profile: z.union([name, listedProfile]).describe(byName) }))
      .max(1_000)
      .default([]),
    machines: z.array(listedMachine).max(50_000).default([]),
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
    ...warningsField,
  })
  .meta({ id: 'Applied', description: 'What an apply changed, or would; nothing: it is so already' });
