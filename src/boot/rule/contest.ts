import type { RuleInForce } from './rule.ts';
import { judge, type Subject } from './selector.ts';

/** One rule before one machine. `won` decides; the others say why they did not. */
export interface Considered {
  readonly rule: Pick<RuleInForce, 'name' | 'priority'>;
  readonly outcome: 'won' | 'lost' | 'undecided' | 'does not match';
  readonly reason: string;
}

export interface Contest {
  readonly winner?: RuleInForce;
  /** Highest priority first. */
  readonly considered: readonly Considered[];
}

/** Which rule decides for this subject: of those that match and have something to hand out the one of highest priority. */
export function contest(rules: readonly RuleInForce[], subject: Subject): Contest {
  let winner: RuleInForce | undefined;
  const considered: Considered[] = [];
  for (const rule of byPriority(rules)) {
    const judgement = judge(rule.selector, subject);
    const { name, priority, profile } = rule;
    const entry = { rule: { name, priority } };
    if (judgement.match === 'no')
      considered.push({ ...entry, outcome: 'does not match', reason: judgement.because });
    else if (!rule.active)
      considered.push({
        ...entry,
        outcome: 'lost',
        reason: `there is no revision of profile ${profile} yet`,
      });
    else if (winner)
      considered.push({
        ...entry,
        outcome: 'lost',
        reason: `rule ${winner.name} has the higher priority: ${winner.priority}, not ${priority}`,
      });
    else if (judgement.match === 'unknown')
      considered.push({ ...entry, outcome: 'undecided', reason: judgement.because });
    else {
      winner = rule;
      considered.push({ ...entry, outcome: 'won', reason: judgement.because });
    }
  }
  return { ...(winner && { winner }), considered };
}

/** Every rule that may decide once the machine asks: those that depend on what it says then, and the one that decides otherwise. */
export function contenders(rules: readonly RuleInForce[], subject: Subject): readonly RuleInForce[] {
  const found: RuleInForce[] = [];
  for (const rule of byPriority(rules)) {
    const { match } = judge(rule.selector, subject);
    if (match === 'no' || !rule.active) continue;
    found.push(rule);
    if (match === 'yes') break;
  }
  return found;
}

/** Whether which rule decides is open until the machine asks. */
export function isOpen(rules: readonly RuleInForce[], subject: Subject): boolean {
  return contenders(rules, subject).some(({ selector }) => judge(selector, subject).match === 'unknown');
}

function byPriority(rules: readonly RuleInForce[]): readonly RuleInForce[] {
  return rules.toSorted((a, b) => b.priority - a.priority);
}
