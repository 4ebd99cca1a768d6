import { z } from 'zod';
import { activated, changed, type Pointer } from '../../../boot/activation.ts';
import { earlierRevision } from '../../../boot/earlier-revision.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import { machineSchema } from '../../../boot/schema/machine.ts';
import type { Records } from '../../../records/records.ts';
import { historySchema } from '../profiles/profile-schemas.ts';
import { type Reply, type Route, route } from '../route.ts';
import { dryRunSchema, rollback } from '../rules/rule-schemas.ts';
import { commit, dryRunQuery } from '../write/commit.ts';
import { ifMatch } from '../write/etag.ts';
import { meant } from '../write/if-match.ts';
import { noMachine, noRule } from '../write/not-found.ts';
import { withWarnings } from '../write/warnings.ts';
import { machineIntent } from './machine-intent.ts';

const answers = {
  200: {
    description: 'The machine; with dry_run=1: what would change',
    body: z.union([withWarnings(machineSchema), dryRunSchema]),
  },
};

/** What a machine or a rule points to, and pointed to before. */
export const pointerRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/machines/{id}/rollback',
    summary: 'Give a machine the revision that it had before, or an earlier one',
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    headers: ifMatch,
    body: rollback,
    answers,
    problems: [
      'unknown-machine',
      'no-earlier-revision',
      'unknown-profile',
      'precondition-failed',
      'template-error',
    ],
    handle: ({ params: { id = '' }, query, headers, body, audit }, parts) =>
      commit(
        async () => {
          const before = meant('machine', id, await parts.records.machine(id), headers['if-match']);
          if (isRefusal(before)) return before;
          const after = rolledBack(before, body.to, parts.clock().toISOString());
          return isRefusal(after) ? after : machineIntent(id, 'machine.rollback', before, after, audit);
        },
        parts,
        query,
      ),
  }),
  route({
    method: 'delete',
    path: '/api/v1/machines/{id}/active',
    summary: 'Take its own profile from a machine: from then on the rules decide. Its history stays',
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    headers: ifMatch,
    answers,
    problems: ['unknown-machine', 'precondition-failed', 'template-error'],
    handle: ({ params: { id = '' }, query, headers, audit }, parts) =>
      commit(
        async () => {
          const before = meant('machine', id, await parts.records.machine(id), headers['if-match']);
          if (isRefusal(before)) return before;
          const { active: _, ...rest } = before;
          const after = changed(rest, parts.clock().toISOString());
          return machineIntent(id, 'machine.release', before, after, audit);
        },
        parts,
        query,
      ),
  }),
  route({
    method: 'get',
    path: '/api/v1/machines/{id}/history',
    summary: 'What profiles a machine was given, newest first',
    role: 'viewer',
    answers: { 200: { description: 'Its history', body: historySchema } },
    problems: ['unknown-machine'],
    async handle({ params: { id = '' } }, { records }) {
      const machine = await records.machine(id);
      return machine ? history(machine, records) : noMachine(id);
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/rules/{id}/history',
    summary: 'What revisions a rule handed out, newest first',
    role: 'viewer',
    answers: { 200: { description: 'Its history', body: historySchema } },
    problems: ['unknown-rule'],
    async handle({ params: { id = '' } }, { records }) {
      const rule = await records.rule(id);
      return rule ? history(rule, records) : noRule(id);
    },
  }),
];

/** The last move is the one to where it points now, if it points anywhere. */
async function history({ active, history: moves }: Pointer, records: Records): Promise<Reply> {
  const names = new Map<string, string | undefined>();
  for (const id of new Set(moves.map(({ revision }) => revision)))
    names.set(id, (await records.profile(id))?.name);
  const items = moves.map((move, n) => {
    const profile = names.get(move.revision);
    const isActive = n === moves.length - 1 && move.revision === active;
    return { ...move, ...(profile !== undefined && { profile }), ...(isActive && { active: true }) };
  });
  return { status: 200, body: { items: items.reverse() } };
}

function rolledBack(machine: Machine, to: string | undefined, at: string): Machine | Refusal {
  const earlier = to ?? earlierRevision(machine);
  if (earlier === undefined)
    return refuse(
      'no-earlier-revision',
      machine.active
        ? `Machine ${machine.id} had no profile before its present one. Give it another: bootbroker profile create --machine ${machine.id} ...`
        : `Machine ${machine.id} has no profile of its own: what it boots is up to the rules. Roll back the rule: bootbroker rollback --rule NAME`,
    );
  if (!machine.history.some(({ revision }) => revision === earlier))
    return refuse('unknown-profile', `Machine ${machine.id} never had the revision ${earlier}.`);
  return activated(machine, earlier, at);
}
