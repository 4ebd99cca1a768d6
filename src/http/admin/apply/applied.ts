import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import type { Actor } from '../../../boot/access/actor.ts';
import { auditor } from '../../../boot/access/audit-entry.ts';
import { shownChanges } from '../../../boot/apply/changes.ts';
import type { Desired } from '../../../boot/apply/desired.ts';
import { isPlan, planApply } from '../../../boot/apply/plan.ts';
import { isRefusal } from '../../../boot/problem.ts';
import type { Conflict } from '../../../records/records.ts';
import { checked } from '../checked.ts';
import { forEyesOf, refuseMasked } from '../eyes.ts';
import { jsonOf } from '../json-body.ts';
import { conflicting } from '../write/conflict-answer.ts';
import { judged } from '../write/render-check.ts';
import { warned } from '../write/warnings.ts';
import { desiredState } from './apply-schemas.ts';
import { ascendingIds } from './ascending-ids.ts';
import { brokenTemplates, notThere, refuseFaults } from './faults.ts';
import type { Answer, Job, Outcome, Surroundings } from './messages.ts';
import { readCurrent } from './read-current.ts';
import { tooLarge, written } from './written.ts';

/** How often it is planned again when others write at the same time. */
const tries = 5;

/** Reads, checks and plans one apply, and has it written unless it is a dry run. */
export async function applied(
  { bytes, dryRun, prune, by, policy }: Job,
  { records, now, write }: Surroundings,
): Promise<Outcome> {
  const json = jsonOf(bytes, {});
  if (isRefusal(json)) return json;
  const desired = checked(desiredState, json.value, 'body') as z.output<typeof desiredState>;
  if (isRefusal(desired)) return desired;
  const notMeant = refuseMasked(desired);
  if (notMeant) return notMeant;
  const broken = await brokenTemplates(desired satisfies Desired);
  if (broken.length > 0) return refuseFaults('template-error', broken);
  const audit = auditor(by, randomUUIDv7);
  let conflict: Conflict | undefined;
  for (let n = 0; n < tries; n++) {
    const current = await readCurrent(desired, records);
    const making = { now: await now(), newId: ascendingIds() };
    const plan = planApply(desired, current, { ...making, prune });
    if (!isPlan(plan)) return refuseFaults('unappliable', plan);
    const { changes, entries } = written(plan, desired, making.now, audit);
    const warnings = tooLarge(changes, entries) ?? (await judged(changes, { ...policy, records }));
    if (isRefusal(warnings)) return warnings;
    const body = { dry_run: dryRun, changes: shownChanges(plan, current) };
    const answer = await answerTo(by, warned({ status: 200, body }, warnings).body);
    if (dryRun) return answer;
    if (plan.missing.length > 0) return notThere(plan, desired);
    if (changes.length === 0) return answer;
    const outcome = await write(changes, entries, answer);
    if (outcome === 'written') return answer;
    conflict = outcome;
    if (conflict.kind === 'full') break;
  }
  if (!conflict) throw new Error('no try, and no conflict');
  return conflicting(conflict);
}

async function answerTo(by: Actor, body: unknown): Promise<Answer> {
  const { value, isMasked } = await forEyesOf(by, body);
  return { kind: 'answer', json: new TextEncoder().encode(JSON.stringify(value)), isMasked };
}
