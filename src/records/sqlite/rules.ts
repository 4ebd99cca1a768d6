import { inForce, type Rule, type RuleInForce } from '../../boot/rule/rule.ts';
import type { RuleRecords } from '../records.ts';
import { documents, only, pageOf, type Sql } from './sql.ts';

/** Which profile machines get that have none of their own. */
export function ruleRecords(sql: Sql): RuleRecords {
  return {
    rule: (id) =>
      sql.read('reading a rule', () => only<Rule>(sql, 'SELECT body FROM rules WHERE id = ?', id)),
    listRules: (page) => sql.read('listing rules', () => pageOf<Rule>(sql, 'rules', {}, page)),
    rulebook: () => sql.read('reading the rules', () => rulebook(sql)),
  };
}

export function rulebook(sql: Sql): readonly RuleInForce[] {
  return documents<Rule>(sql, `SELECT body FROM rules ORDER BY body ->> 'priority' DESC`).map(inForce);
}
