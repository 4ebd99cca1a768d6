import type { Machine } from '../machine/machine.ts';
import { type Considered, contenders, contest } from './contest.ts';
import { handedOut } from './rollout.ts';
import type { RuleInForce } from './rule.ts';
import { type Circumstances, subjectOf } from './selector.ts';

/** Which revision a machine boots and why; `considered` is empty when no rule was asked. */
export interface Assignment {
  readonly by: 'machine' | 'rule' | 'nothing';
  /** Absent when nothing is assigned. */
  readonly revision?: string;
  readonly rule?: RuleInForce;
  readonly reason: string;
  readonly considered: readonly Considered[];
}

/** The machine's own pointer, else what the winning rule hands out. */
export function assignmentOf(
  machine: Machine,
  rules: readonly RuleInForce[],
  circumstances: Circumstances,
): Assignment {
  if (machine.active)
    return {
      by: 'machine',
      revision: machine.active,
      reason: 'the machine has a profile of its own',
      considered: [],
    };
  const { winner, considered } = contest(rules, subjectOf(machine, circumstances));
  const given = winner && handedOut(winner, machine.id);
  if (!winner || !given)
    return { by: 'nothing', reason: 'it has no profile of its own, and no rule gives it one', considered };
  return { by: 'rule', revision: given.revision, rule: winner, reason: given.reason, considered };
}

/**
 * Every revision that the machine may be given, whatever it says of its architecture and address when it asks, and however
 * roll-outs go.
 */
export function possibleRevisions(
  machine: Machine,
  rules: readonly RuleInForce[],
  circumstances: Circumstances = {},
): readonly string[] {
  if (machine.active) return [machine.active];
  const given = contenders(rules, subjectOf(machine, circumstances)).flatMap(({ active, rollout }) => [
    ...(active ? [active] : []),
    ...(rollout ? [rollout.revision] : []),
  ]);
  return [...new Set(given)];
}
