import { activated, changed } from '../../../boot/activation.ts';
import { earlierRevision } from '../../../boot/earlier-revision.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import { withRevision } from '../../../boot/rule/rollout.ts';
import type { Rule } from '../../../boot/rule/rule.ts';
import type { Records } from '../../../records/records.ts';

/** The next version of a rule with the newest revision of its profile, if there is one yet. */
export async function handingOutNewest(rule: Rule, at: string, records: Records): Promise<Rule> {
  const newest = await records.newestProfile(rule.profile);
  if (newest) return withRevision(rule, newest.id, at);
  const { active: _, rollout: __, ...nothing } = rule;
  return changed(nothing, at);
}

/** Without `to` a roll-out on its way is ended first: most machines have not left the revision before. */
export async function rolledBack(
  rule: Rule,
  to: string | undefined,
  at: string,
  records: Records,
): Promise<Rule | Refusal> {
  const { rollout, ...steady } = rule;
  if (to === undefined && rollout) return changed(steady, at);
  const earlier = to ?? earlierRevision(rule);
  if (earlier === undefined)
    return refuse(
      'no-earlier-revision',
      `Rule ${rule.name} has handed out nothing before its present revision. Name one: bootbroker rollback --rule ${rule.name} --to REVISION`,
    );
  const revision = await records.profile(earlier);
  const handedOut = rule.history.some((past) => past.revision === earlier);
  if (!revision || !(handedOut || revision.name === rule.profile))
    return refuse('unknown-profile', `${earlier} is no revision of profile ${rule.profile}.`);
  return { ...activated(steady, earlier, at), profile: revision.name };
}
