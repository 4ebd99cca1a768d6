import type { ruleFields } from '../fields/rule.ts';
import type { ruleSchema } from '../schema/rule.ts';
import type { Output } from '../schema/type.ts';

/**
 * Assigns a profile to the machines that its selector takes, unless they have one of their own. `active` is the revision of it
 * that is handed out, absent while there is none.
 */
export type Rule = Output<typeof ruleSchema>;

/** What an administrator may say of a rule. */
export type RuleFields = Pick<Rule, keyof typeof ruleFields>;

/** A revision on its way to all machines of a rule. */
export type Rollout = NonNullable<Rule['rollout']>;

/** A rule as booting needs it. */
export type RuleInForce = Omit<Rule, 'history'>;

export function inForce({ history: _, ...rule }: Rule): RuleInForce {
  return rule;
}
