import { z } from 'zod';
import type { Rule } from '../../../boot/rule.ts';
import { activationSchema, id, schemaOf, text, time } from '../fields.ts';
import { name } from '../inputs.ts';
import { selectorInput, selectorSchema } from './selector-schema.ts';

const percent = z.int().min(1).max(100);
const priority = z.int().min(-1_000_000).max(1_000_000).describe('The highest wins; no two rules share one');
const percentText = 'Share of machines that a new revision goes to at first; 100: all at once';

export const newRule = z.strictObject({
  name,
  selector: selectorInput,
  profile: name.describe('Name of the profile that it assigns'),
  priority,
  percent: percent.describe(percentText).default(100),
});

export const changedRule = z
  .strictObject({
    name: name.exactOptional(),
    selector: selectorInput.exactOptional(),
    profile: name.exactOptional(),
    priority: priority.exactOptional(),
    percent: percent.describe(percentText).exactOptional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something');

/** No body means all the defaults. */
export const promotion = z.strictObject({ percent: percent.default(100) }).default({ percent: 100 });
export const rollback = z
  .strictObject({ to: name.describe('The revision to go back to; unset: the one before').exactOptional() })
  .default({});

const rolloutSchema = z
  .strictObject({
    revision: id,
    percent,
    started_at: time,
    halted_at: time.describe('From then on nobody gets it').exactOptional(),
    reason: text.exactOptional(),
  })
  .meta({ id: 'Rollout', description: 'A revision on its way to the machines of a rule' });

export const ruleSchema = schemaOf<Rule>(
  'Rule',
  'Assigns a profile to the machines that its selector takes, unless they have one of their own',
)(
  z.strictObject({
    id,
    name: text,
    selector: selectorSchema,
    profile: text,
    priority: z.int(),
    active: id
      .describe('The revision that it hands out; absent while there is none of that name')
      .exactOptional(),
    history: z.array(activationSchema).describe('Oldest first'),
    percent,
    rollout: rolloutSchema.exactOptional(),
    managed_by: z.literal('apply').describe('Made or taken over by an apply').exactOptional(),
    version: z.int().min(1).describe('Raised by one with each write'),
    created_at: time,
    updated_at: time,
  }),
);

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
          .describe('It depends on the address from which the machine asks, and nobody knows one')
          .exactOptional(),
      }),
    ),
    examined: z.int().describe('How many machines this page looked at'),
    next: text.describe('Cursor of the next page; absent on the last').exactOptional(),
  })
  .meta({ id: 'DryRun', description: 'Which machines a write would change, and how' });

/** Of everything that takes `dry_run=1`. */
export const dryRunAnswer = { description: 'With dry_run=1: what would change', body: dryRunSchema };
