import { pendingIdOf } from '../../../boot/machine/pending-machine.ts';
import { pendingSchema } from '../../../boot/schema/pending.ts';
import { pageSchema } from '../answers.ts';
import { page, pageOf } from '../queries.ts';
import { type Route, route } from '../route.ts';
import { enrollRoute, noPending } from './enroll.ts';

/** Machines that nobody has registered and that asked to boot. */
export const pendingRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/machines/pending',
    summary:
      'List machines that nobody has registered and that asked to boot; of too many those that asked last, as many of each host',
    role: 'viewer',
    query: page,
    answers: { 200: { description: 'A page of pending machines', body: pageSchema(pendingSchema) } },
    problems: ['bad-input'],
    handle: async ({ query }, { records }) => ({
      status: 200,
      body: await records.listPending(pageOf(query)),
    }),
  }),
  route({
    method: 'get',
    path: '/api/v1/machines/pending/{id}',
    summary: 'One pending machine, by its id, its MAC or its UUID',
    role: 'viewer',
    answers: { 200: { description: 'The pending machine', body: pendingSchema } },
    problems: ['unknown-pending'],
    async handle({ params: { id = '' } }, parts) {
      const pending = await parts.records.pending(pendingIdOf(id));
      return pending ? { status: 200, body: pending } : noPending(id, parts);
    },
  }),
  enrollRoute,
  route({
    method: 'delete',
    path: '/api/v1/machines/pending/{id}',
    summary: 'Dismiss a pending machine, until it asks again',
    role: 'operator',
    answers: { 204: { description: 'It is gone' } },
    problems: ['unknown-pending'],
    async handle({ params: { id: typed = '' }, audit }, parts) {
      const id = pendingIdOf(typed);
      const pending = await parts.records.pending(id);
      if (!pending) return noPending(typed, parts);
      await parts.records.write([], [audit('pending.dismiss', { kind: 'pending', id }, pending, undefined)]);
      await parts.records.updatePending([], [id]);
      return { status: 204, body: undefined };
    },
  }),
];
