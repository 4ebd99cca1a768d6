import { z } from 'zod';
import { activationSchema, id, text, time } from '../../../boot/schema/values.ts';
import { pageSchema } from '../answers.ts';

const brief = z.strictObject({ id, name: text, created_at: time });

export const diffSchema = z
  .strictObject({
    before: brief,
    after: brief,
    differences: z.array(
      z.strictObject({
        path: text.describe('Such as kernel, initrds.0, cmdline, metadata.users.2.name'),
        before: z.unknown().optional(),
        after: z.unknown().optional(),
        text: text.describe('One line for a person'),
      }),
    ),
  })
  .meta({ id: 'ProfileDiff', description: 'How two revisions differ' });

/** What a machine or a rule was given, newest first. */
export const historySchema = pageSchema(
  z
    .strictObject({
      ...activationSchema.shape,
      profile: text.describe('Name of the profile').exactOptional(),
      active: z.literal(true).describe('It points there now').exactOptional(),
    })
    .meta({ id: 'PastRevision', description: 'A revision that was handed out' }),
);
