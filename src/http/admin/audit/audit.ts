import { z } from 'zod';
import type { AuditEvent } from '../../../boot/access/audit.ts';
import { auditEventSchema } from '../../../boot/schema/audit.ts';
import { pageSchema } from '../answers.ts';
import { page, pageOf } from '../queries.ts';
import { type Route, route } from '../route.ts';

const filter = z.string().min(1).max(256).exactOptional();
const auditQuery = page.extend({
  actor: filter,
  action: filter,
  target: filter,
  order: z.enum(['oldest', 'newest']).default('oldest'),
});

/** Who did what, and who was refused. */
export const auditRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/audit',
    summary:
      'List the audit log, from its oldest or its newest event on. A page leaves out what the filters do not want: it may be short, even empty, and `next` still lead on',
    role: 'admin',
    query: auditQuery,
    answers: { 200: { description: 'A page of audit events', body: pageSchema(auditEventSchema) } },
    problems: ['bad-input'],
    async handle({ query }, { records }) {
      const { items, ...rest } = await records.listAudit(pageOf(query), query.order);
      return { status: 200, body: { items: items.filter((event) => isWanted(event, query)), ...rest } };
    },
  }),
];

/** `actor` and `target` are ids; `action` is a whole one, or its beginning up to a dot: `machine`. */
function isWanted(event: AuditEvent, { actor, action, target }: z.output<typeof auditQuery>): boolean {
  return (
    (actor === undefined || event.actor.id === actor) &&
    (target === undefined || event.target?.id === target) &&
    (action === undefined || event.action === action || event.action.startsWith(`${action}.`))
  );
}
