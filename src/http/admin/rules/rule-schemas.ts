import { z } from 'zod';
import { percent } from '../../../boot/schema/rule.ts';
import { id, name, text } from '../../../boot/schema/values.ts';
import { warningsField } from '../write/warnings.ts';

/** No body means all the defaults. */
export const promotion = z.strictObject({ percent: percent.default(100) }).default({ percent: 100 });
export const rollback = z
  .strictObject({ to: name.describe('The revision to go back to; unset: the one before').exactOptional() })
  .default({});

const outcome = z
  .strictObject({ revision: id, profile: text, reason: text, script: text })
  .nullable()
  .describe('null: it boots nothing, or is not there');

export const dryRunSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        machine: z.strictObject({ id, name: text.exactOptional(), macs: z.array(text) }),
        before: outcome,
        after: outcome,
        uncertain: z
          .literal(true)
          .describe(
            'It depends on the address from which the machine asks, or on the manufacturer or product that it says it is, and nobody knows that yet',
          )
          .exactOptional(),
      }),
    ),
    examined: z.int().describe('How many machines this page looked at'),
    next: text.describe('Cursor of the next page; absent on the last').exactOptional(),
    ...warningsField,
  })
  .meta({ id: 'DryRun', description: 'Which machines a write would change, and how' });

/** The answer of everything that takes `dry_run=1`. */
export const dryRunAnswer = { description: 'With dry_run=1: what would change', body: dryRunSchema };
