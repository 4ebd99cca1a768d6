import { type ZodType, z } from 'zod';
import type { ruleFields } from '../fields/rule.ts';
import { selectorInput, selectorSchema } from './selector.ts';
import { allOptional, id, managedBy, name, pointer, text, time } from './values.ts';

export const percent = z.int().min(1).max(100);
const priority = z.int().min(-1_000_000).max(1_000_000).describe('The highest wins; no two rules share one');

/** What an administrator may say of a rule. */
const said = {
  name,
  selector: selectorInput,
  profile: name.describe('Name of the profile that it assigns'),
  priority,
  percent: percent.describe('Share of machines that a new revision goes to at first; 100: all at once'),
} satisfies Record<keyof typeof ruleFields, ZodType>;

export const newRule = z.strictObject({ ...said, percent: said.percent.default(100) });

export const changedRule = z
  .strictObject(allOptional(said))
  .refine((change) => Object.keys(change).length > 0, 'must change something');

const rolloutSchema = z
  .strictObject({
    revision: id,
    percent,
    started_at: time,
    halted_at: time.describe('From then on nobody gets it').exactOptional(),
    reason: text.exactOptional(),
  })
  .meta({ id: 'Rollout', description: 'A revision on its way to the machines of a rule' });

export const ruleSchema = z
  .strictObject({
    id,
    ...said,
    selector: selectorSchema,
    ...pointer,
    active: id
      .describe('The revision that it hands out; absent while there is none of that name')
      .exactOptional(),
    rollout: rolloutSchema.exactOptional(),
    managed_by: managedBy,
    created_at: time,
  })
  .meta({
    id: 'Rule',
    description:
      'Assigns a profile to the machines that its selector takes, unless they have one of their own',
  });
