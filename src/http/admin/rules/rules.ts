import { randomUUIDv7 } from 'node:crypto';
import { z } from 'zod';
import type { Auditor } from '../../../boot/access/audit.ts';
import { changed } from '../../../boot/activation.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import { promoted } from '../../../boot/rule/rollout.ts';
import type { Rule } from '../../../boot/rule/rule.ts';
import { changedRule, newRule, ruleSchema } from '../../../boot/schema/rule.ts';
import type { Records } from '../../../records/records.ts';
import { location, pageSchema } from '../answers.ts';
import { page, pageOf } from '../queries.ts';
import { type Reply, type Route, route } from '../route.ts';
import { commit, dryRunQuery, type Intent } from '../write/commit.ts';
import { etagHeader, etagOf, ifMatch } from '../write/etag.ts';
import { meant } from '../write/if-match.ts';
import { noRule } from '../write/not-found.ts';
import { withWarnings } from '../write/warnings.ts';
import { handingOutNewest, rolledBack } from './rule-changes.ts';
import { dryRunAnswer, dryRunSchema, promotion, rollback } from './rule-schemas.ts';

const theRule = { description: 'The rule', body: ruleSchema, headers: etagHeader };
const changes = {
  200: {
    description: 'The rule; with dry_run=1: what would change',
    body: z.union([withWarnings(ruleSchema), dryRunSchema]),
  },
};

/** Rules: which profile machines get that have none of their own. */
export const ruleRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/rules',
    summary: 'Make a rule; it hands out the newest revision of its profile',
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    body: newRule,
    answers: {
      200: dryRunAnswer,
      201: { ...theRule, body: withWarnings(ruleSchema), headers: { ...etagHeader, ...location } },
    },
    problems: ['bad-input', 'rule-taken', 'too-many-rules', 'template-error'],
    handle: ({ query, body, audit }, parts) => {
      const id = randomUUIDv7();
      return commit(
        async () => {
          const at = parts.clock().toISOString();
          const blank: Rule = { id, ...body, history: [], version: 0, created_at: at, updated_at: at };
          const rule = await handingOutNewest(blank, at, parts.records);
          return intended(audit, 'rule.create', undefined, rule, {
            ...replyOf(rule),
            status: 201,
            headers: { ETag: etagOf(rule.version), Location: `/api/v1/rules/${id}` },
          });
        },
        parts,
        query,
      );
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/rules',
    summary: 'List the rules',
    role: 'viewer',
    query: page,
    answers: { 200: { description: 'A page of rules', body: pageSchema(ruleSchema) } },
    problems: ['bad-input'],
    handle: async ({ query }, { records }) => ({ status: 200, body: await records.listRules(pageOf(query)) }),
  }),
  route({
    method: 'get',
    path: '/api/v1/rules/{id}',
    summary: 'One rule, with all that it handed out',
    role: 'viewer',
    answers: { 200: theRule },
    problems: ['unknown-rule'],
    async handle({ params: { id = '' } }, { records }) {
      const rule = await records.rule(id);
      return rule ? replyOf(rule) : noRule(id);
    },
  }),
  route({
    method: 'patch',
    path: '/api/v1/rules/{id}',
    summary: 'Change a rule. Another profile is handed out at once, or to its share of machines first',
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    headers: ifMatch,
    body: changedRule,
    answers: changes,
    problems: ['unknown-rule', 'rule-taken', 'too-many-rules', 'precondition-failed', 'template-error'],
    handle: ({ params: { id = '' }, query, body, audit, headers }, parts) =>
      commit(
        () =>
          changing(id, headers['if-match'], parts.records, async (before) => {
            const at = parts.clock().toISOString();
            const wanted: Rule = { ...before, ...body };
            const after =
              wanted.profile === before.profile
                ? changed(wanted, at)
                : await handingOutNewest(wanted, at, parts.records);
            return intended(audit, 'rule.change', before, after, replyOf(after));
          }),
        parts,
        query,
      ),
  }),
  route({
    method: 'delete',
    path: '/api/v1/rules/{id}',
    summary: 'Delete a rule',
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    headers: ifMatch,
    answers: { 200: dryRunAnswer, 204: { description: 'It is gone' } },
    problems: ['unknown-rule', 'precondition-failed', 'template-error'],
    handle: ({ params: { id = '' }, query, audit, headers }, parts) =>
      commit(
        () =>
          changing(id, headers['if-match'], parts.records, async (before) => ({
            changes: [{ kind: 'rule', id, expected: before.version, to: undefined }],
            audit: [audit('rule.delete', { kind: 'rule', id }, before, undefined)],
            reply: { status: 204, body: undefined },
          })),
        parts,
        query,
      ),
  }),
  route({
    method: 'post',
    path: '/api/v1/rules/{id}/promote',
    summary: 'Bring the new revision to more machines, or to all; a halted roll-out goes on',
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    headers: ifMatch,
    body: promotion,
    answers: changes,
    problems: ['unknown-rule', 'no-rollout', 'precondition-failed', 'template-error'],
    handle: ({ params: { id = '' }, query, body, audit, headers }, parts) =>
      commit(
        () =>
          changing(id, headers['if-match'], parts.records, async (before) => {
            if (!before.rollout)
              return refuse(
                'no-rollout',
                `Rule ${before.name} hands out one revision to all its machines. A new revision of ${before.profile} begins a roll-out if the rule's percent is below 100.`,
              );
            const after = promoted(before, before.rollout, body.percent, parts.clock().toISOString());
            return intended(audit, 'rule.promote', before, after, replyOf(after));
          }),
        parts,
        query,
      ),
  }),
  route({
    method: 'post',
    path: '/api/v1/rules/{id}/rollback',
    summary: 'Go back to the revision before, or end a roll-out: one write, whatever the number of machines',
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    headers: ifMatch,
    body: rollback,
    answers: changes,
    problems: [
      'unknown-rule',
      'no-earlier-revision',
      'unknown-profile',
      'precondition-failed',
      'template-error',
    ],
    handle: ({ params: { id = '' }, query, body, audit, headers }, parts) =>
      commit(
        () =>
          changing(id, headers['if-match'], parts.records, async (before) => {
            const after = await rolledBack(before, body.to, parts.clock().toISOString(), parts.records);
            if (isRefusal(after)) return after;
            return intended(audit, 'rule.rollback', before, after, replyOf(after));
          }),
        parts,
        query,
      ),
  }),
];

async function changing(
  id: string,
  ifMatch: string | undefined,
  records: Records,
  change: (before: Rule) => Promise<Intent | Refusal>,
): Promise<Intent | Refusal> {
  const before = meant('rule', id, await records.rule(id), ifMatch);
  return isRefusal(before) ? before : change(before);
}

function intended(
  audit: Auditor,
  action: string,
  before: Rule | undefined,
  after: Rule,
  reply: Reply,
): Intent {
  const { id } = after;
  return {
    changes: [{ kind: 'rule', id, expected: before?.version ?? 0, to: after }],
    audit: [audit(action, { kind: 'rule', id }, before, after)],
    reply,
  };
}

function replyOf(rule: Rule): Reply {
  return { status: 200, headers: { ETag: etagOf(rule.version) }, body: rule };
}
