import { isDeepStrictEqual } from 'node:util';
import { changed } from '../activation.ts';
import { saidOf } from '../fields/field.ts';
import { ruleFields } from '../fields/rule.ts';
import type { ProfileRevision } from '../profile.ts';
import { withRevision } from '../rule/rollout.ts';
import type { Rule, RuleFields } from '../rule/rule.ts';
import { type DesiredRule, type Fault, fault, profileName } from './desired.ts';
import type { Making } from './revisions.ts';
import type { Step } from './step.ts';

/** A desired rule with the one of its name, and the revision that it is to hand out. */
export interface RuleAim {
  readonly desired: DesiredRule;
  readonly before: Rule | undefined;
  readonly revision: ProfileRevision | undefined;
}

/** `renewed`: new revisions of shared profiles, which every rule that assigns such a profile hands out from now on. */
export function ruleSteps(
  aims: readonly RuleAim[],
  present: readonly Rule[],
  renewed: ReadonlyMap<string, ProfileRevision>,
  { prune, ...making }: Making & { readonly prune: boolean },
): { readonly steps: readonly Step<Rule>[]; readonly faults: readonly Fault[] } {
  const named = new Set(aims.map(({ desired }) => desired.name));
  const rest = present.filter(({ name }) => !named.has(name));
  const doomed = rest.filter(({ managed_by }) => prune && managed_by === 'apply');
  const left = rest.filter((rule) => !doomed.includes(rule));
  const carried = left.flatMap((before): Step<Rule>[] => {
    const revision = renewed.get(before.profile);
    return revision ? [{ before, after: withRevision(before, revision.id, making.now) }] : [];
  });
  const steps = aims.flatMap((aim): Step<Rule>[] => {
    const after = next(aim, making);
    if (!after) return [];
    return [aim.before ? { before: aim.before, after } : { after }];
  });
  return {
    steps: [...doomed.map((before) => ({ before })), ...carried, ...steps],
    faults: ties(aims, left),
  };
}

/** What a rule hands out, or is about to. */
export function handsOut({ active, rollout }: Pick<Rule, 'active' | 'rollout'>): string | undefined {
  return rollout?.revision ?? active;
}

/** The rule as it is to be; undefined when it is so already. */
function next({ desired, before, revision }: RuleAim, { now, newId }: Making): Rule | undefined {
  const fields: RuleFields = { ...desired, profile: profileName(desired.profile) };
  const moves = revision !== undefined && revision.id !== (before && handsOut(before));
  if (before && !moves && before.managed_by === 'apply' && isDeepStrictEqual(saidOfRule(before), fields))
    return undefined;
  const rule: Rule = {
    ...(before ?? { id: newId(), history: [], version: 0, created_at: now }),
    ...fields,
    managed_by: 'apply',
    updated_at: now,
  };
  return moves ? withRevision(rule, revision.id, now) : changed(rule, now);
}

export function saidOfRule(rule: Rule): RuleFields {
  return saidOf(ruleFields, rule);
}

/** Names and priorities belong to one rule each. */
function ties(aims: readonly RuleAim[], left: readonly Rule[]): Fault[] {
  const priorities = new Map(
    left.map(({ priority, name }) => [priority, `rule ${name}, which is not named here`]),
  );
  const names = new Set<string>();
  return aims.flatMap(({ desired: { name, priority } }, index) => {
    const tied = priorities.get(priority);
    const again = names.has(name);
    priorities.set(priority, `rule ${name}`);
    names.add(name);
    return [
      ...(again ? [fault(['rules', index, 'name'], `there are two rules ${name}`)] : []),
      ...(tied
        ? [
            fault(
              ['rules', index, 'priority'],
              `${priority} is the priority of ${tied}, too; which of two wins must be said`,
            ),
          ]
        : []),
    ];
  });
}
