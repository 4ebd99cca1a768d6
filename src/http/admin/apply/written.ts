import type { AuditEntry, Auditor } from '../../../boot/access/audit.ts';
import type { Desired } from '../../../boot/apply/desired.ts';
import { owned } from '../../../boot/apply/owners.ts';
import type { ApplyPlan } from '../../../boot/apply/plan.ts';
import type { Step } from '../../../boot/apply/step.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { Change } from '../../../records/records.ts';
import { insistOn } from '../write/pin-assets.ts';

/** Firestore takes a commit of 10 MiB (https://cloud.google.com/firestore/quotas); each store is held to it, so that files fit all. */
const largestWrite = 9 * 1024 * 1024;
/** What a document takes besides its content, for names, times and indexes. In bytes. */
const overhead = 500;

/** A plan as changes of records, with what is to be remembered of each. */
export function written(
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

export function tooLarge(changes: readonly Change[], audit: readonly AuditEntry[]): Refusal | undefined {
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
