import type { Rule, RuleInForce } from '../../boot/rule/rule.ts';
import type { RuleRecords } from '../records.ts';
import { documentOf, type Found, type Place } from './documents.ts';
import { pageOf } from './page.ts';
import type { Store } from './store.ts';

/** All rules without their histories, the highest priority first, so that a boot reads one document. */
export const rulebookPlace: Place = ['rulebooks', 'current'];

export function rulebookIn(found: Found | undefined): readonly RuleInForce[] {
  return documentOf<{ readonly rules: readonly RuleInForce[] }>(found)?.rules ?? [];
}

/** Which profile machines get that have none of their own. */
export function ruleRecords(store: Store): RuleRecords {
  return {
    rule: (id) =>
      store.read('reading a rule', async (documents) =>
        documentOf<Rule>((await documents.get(['rules', id]))[0]),
      ),
    listRules: (page) =>
      store.read('listing rules', (documents) => pageOf<Rule>(documents, 'rules', {}, page)),
    rulebook: () =>
      store.read('reading the rules', async (documents) =>
        rulebookIn((await documents.get(rulebookPlace))[0]),
      ),
  };
}
