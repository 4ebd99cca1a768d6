import type { Fields } from './field.ts';

/** What an administrator says of a rule. */
export const ruleFields = {
  name: { kind: 'text', flag: 'name', add: 'what you call it', required: true },
  profile: {
    kind: 'text',
    flag: 'profile',
    value: 'name',
    add: 'the profile that it assigns',
    set: 'the profile that it assigns; its newest revision is handed out',
    required: true,
  },
  priority: {
    kind: 'number',
    flag: 'priority',
    value: 'number',
    add: 'the highest wins; no two rules share one',
    required: true,
  },
  percent: {
    kind: 'number',
    flag: 'percent',
    value: 'number',
    add: 'share of machines that a new revision goes to at first',
    set: 'share of machines that the next revisions go to at first',
  },
  // A rule is made with options for the usual selectors, too.
  selector: { kind: 'json', flag: 'selector', value: 'file', set: 'a JSON file with a selector' },
} as const satisfies Fields;
