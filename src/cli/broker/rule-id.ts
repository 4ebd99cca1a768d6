import type { Rule } from '../../boot/rule.ts';
import { Failure } from '../verb/failure.ts';
import { type Api, allItems } from './api.ts';

/** The rule that an administrator means, by its name or its id. */
export async function ruleNamed(from: Api, text: string): Promise<Rule> {
  const rules = await allItems<Rule>(from, 'rules');
  const rule = rules.find(({ id, name }) => name === text || id === text);
  if (rule) return rule;
  throw new Failure('refused', `there is no rule ${text}; list them with bootbroker rule list`);
}
