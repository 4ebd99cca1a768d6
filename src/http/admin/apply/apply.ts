import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import { type Actor, allows } from '../../../boot/access/actor.ts';
import type { AuditEntry, Auditor } from '../../../boot/access/audit.ts';
import { shownChanges } from '../../../boot/apply/changes.ts';
import { type Desired, type DesiredProfile, type Fault, fault } from '../../../boot/apply/desired.ts';
import { owned } from '../../../boot/apply/owners.ts';
import { type ApplyPlan, isPlan, planApply } from '../../../boot/apply/plan.ts';
import type { Step } from '../../../boot/apply/step.ts';
import { assetTitle } from '../../../boot/asset/asset.ts';
import { isRefusal, type Refusal, refuse, refuseParts } from '../../../boot/problem.ts';
import { templateFault } from '../../../boot/template/template.ts';
import type { Change, Conflict } from '../../../records/records.ts';
import type { AdminParts } from '../parts.ts';
import { type Reply, type Route, route } from '../route.ts';
import { conflicting } from '../write/conflict-answer.ts';
import { insistOn } from '../write/pin-assets.ts';
import { judged } from '../write/render-check.ts';
import { warned } from '../write/warnings.ts';
import { appliedSchema, applyQuery, desiredState } from './apply-schemas.ts';
import { readCurrent } from './read-current.ts';

/** How often it is planned again when others write at the same time. */
const tries = 5;
/** Firestore takes a commit of 10 MiB (https://cloud.google.com/firestore/quotas); each store is held to it, so that files fit all. */
const largestWrite = 9 * 1024 * 1024;
/** What a document takes besides its content, for names, times and indexes. In bytes. */
const overhead = 500;

export const applyRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/apply',
    summary:
      'Make machines, profiles and rules what a desired state says: all of it in one write, or nothing. May be repeated',
    role: 'operator',
    dryRun: true,
    query: applyQuery,
    body: desiredState,
    longestBody: 8 * 1024 * 1024,
    answers: { 200: { description: 'What changed; with dry_run=1 what would', body: appliedSchema } },
    problems: [
      'bad-input',
      'forbidden',
      'unappliable',
      'asset-not-ready',
      'template-error',
      'change-too-large',
      'mac-taken',
      'rule-taken',
      'too-many-rules',
      'precondition-failed',
    ],
    handle: ({ query, body, by, audit }, parts) => apply(body, query, by, audit, parts),
  }),
];

async function apply(
  body: z.output<typeof desiredState>,
  query: z.output<typeof applyQuery>,
  by: Actor,
  audit: Auditor,
  parts: AdminParts,
): Promise<Reply | Refusal> {
  const dryRun = query.dry_run === '1';
  const prune = query.prune === '1';
  if (prune && !dryRun && !allows(by.role, 'admin')) {
    const detail = `prune=1 deletes, and needs the role admin; ${by.kind} ${by.id} has ${by.role ?? 'none'}. Ask an administrator.`;
    parts.refusals.note(by, 'POST /api/v1/apply?prune=1', detail);
    return refuse('forbidden', detail);
  }
  const desired: Desired = body;
  const broken = await brokenTemplates(desired);
  if (broken.length > 0) return refuseFaults('template-error', broken);
  let conflict: Conflict | undefined;
  for (let n = 0; n < tries; n++) {
    const current = await readCurrent(desired, parts.records);
    const making = { now: parts.clock().toISOString(), newId: ascendingIds() };
    const plan = planApply(desired, current, { ...making, prune });
    if (!isPlan(plan)) return refuseFaults('unappliable', plan);
    const { changes, entries } = written(plan, desired, making.now, audit);
    const warnings = tooLarge(changes, entries) ?? (await judged(changes, parts));
    if (isRefusal(warnings)) return warnings;
    const body = { dry_run: dryRun, changes: shownChanges(plan, current) };
    const answer = warned({ status: 200, body }, warnings);
    if (dryRun) return answer;
    if (plan.missing.length > 0) return notThere(plan, desired);
    if (changes.length === 0) return answer;
    const outcome = await parts.records.write(changes, entries);
    if (outcome === 'written') return answer;
    conflict = outcome;
    if (conflict.kind === 'full') break;
  }
  if (!conflict) throw new Error('no try, and no conflict');
  return conflicting(conflict);
}

/** A plan as changes of records, with what is to be remembered of each. */
function written(
  plan: ApplyPlan,
  desired: Desired,
  now: string,
  audit: Auditor,
): { readonly changes: readonly Change[]; readonly entries: readonly AuditEntry[] } {
  const { rules, machines, pinned } = plan;
  const { profiles, becomes } = owned(plan, desired, now);
  const changes: Change[] = [
    ...profiles.map((to) => ({ kind: 'profile', to }) as const),
    ...rules.map((step) => ({ kind: 'rule', ...replacement(step) }) as const),
    ...machines.map((step) => ({ kind: 'machine', ...replacement(step) }) as const),
    ...insistOn(pinned, becomes),
  ];
  const entries = [
    ...profiles.map((one) => audit('profile.create', { kind: 'profile', id: one.id }, undefined, one)),
    ...rules.map((step) => entry(audit, 'rule', step)),
    ...machines.map((step) => entry(audit, 'machine', step)),
  ];
  return { changes, entries };
}

interface Versioned {
  readonly id: string;
  readonly version: number;
  readonly history: unknown;
}

function replacement<Document extends Versioned>(step: Step<Document>) {
  return { id: idOf(step), expected: step.before?.version ?? 0, to: step.after };
}

function entry(audit: Auditor, kind: 'rule' | 'machine', step: Step<Versioned>): AuditEntry {
  const { before, after } = step;
  const action = before ? (after ? 'change' : 'delete') : 'create';
  return audit(`${kind}.${action}`, { kind, id: idOf(step) }, told(before), told(after));
}

/** A long history, said twice, would be most of the write; where it points says what is new in it. */
function told(document: Versioned | undefined): object | undefined {
  if (!document) return undefined;
  const { history: _, ...rest } = document;
  return rest;
}

function idOf({ before, after }: Step<Versioned>): string {
  const { id } = after ?? before ?? {};
  if (id === undefined) throw new Error('a step from nothing to nothing');
  return id;
}

function tooLarge(changes: readonly Change[], audit: readonly AuditEntry[]): Refusal | undefined {
  // Stores keep documents as text in JSON, whose quotes are escaped once more.
  const bytes = [...changes.map((change) => change.to), ...audit].reduce<number>(
    (sum, one) => sum + overhead + Buffer.byteLength(JSON.stringify(JSON.stringify(one ?? null))),
    0,
  );
  if (bytes <= largestWrite) return undefined;
  return refuse(
    'change-too-large',
    `This changes ${changes.length} things, about ${Math.ceil(bytes / 2 ** 20)} MiB with what is remembered of them; one write takes ${largestWrite / 2 ** 20}. Apply the files in parts, without prune.`,
  );
}

function notThere({ missing }: ApplyPlan, { assets }: Desired): Refusal {
  const faults = missing.map((one) =>
    fault(['assets', assets.indexOf(one)], `${assetTitle(one)} is not ready yet; push it first`),
  );
  return refuseFaults('asset-not-ready', faults);
}

/** Said at write, by line and column of the command line, so that no boot has to find out. */
async function brokenTemplates({ profiles, rules, machines }: Desired): Promise<readonly Fault[]> {
  const sources: (readonly [Fault['path'], DesiredProfile])[] = profiles.map((one, n) => [
    ['profiles', n],
    one,
  ]);
  for (const [section, items] of Object.entries({ rules, machines }))
    for (const [n, { profile }] of items.entries())
      if (typeof profile === 'object' && profile !== null) sources.push([[section, n, 'profile'], profile]);
  const faults = await Promise.all(
    sources.map(async ([path, { cmdline }]) => {
      const found = await templateFault(cmdline);
      return found
        ? [fault([...path, 'cmdline'], `line ${found.line}, column ${found.column}: ${found.message}`)]
        : [];
    }),
  );
  return faults.flat();
}

function refuseFaults(
  problem: 'unappliable' | 'asset-not-ready' | 'template-error',
  faults: readonly Fault[],
): Refusal {
  const told = faults
    .slice(0, 5)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  const more = faults.length > told.length ? `; and ${faults.length - told.length} more` : '';
  return refuseParts(problem, `${told.join('; ')}${more}.`, faults);
}

/** UUIDv7 of one millisecond are in no order; the newest revision of a name is the one whose id sorts last. */
function ascendingIds(): () => string {
  let last = '';
  let ready: string[] = [];
  return () => {
    while (ready.length === 0)
      ready = Array.from({ length: 256 }, () => randomUUIDv7())
        .filter((id) => id > last)
        .sort()
        .reverse();
    last = ready.pop() ?? last;
    return last;
  };
}
