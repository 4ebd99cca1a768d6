import { randomUUIDv7 } from 'node:crypto';
import type { Machine } from '../../../boot/machine/machine.ts';
import { isRefusal } from '../../../boot/problem.ts';
import { machineSchema, newMachine } from '../../../boot/schema/machine.ts';
import { location, pageSchema } from '../answers.ts';
import { machinesQuery, pageOf } from '../queries.ts';
import { type Route, route } from '../route.ts';
import { commit } from '../write/commit.ts';
import { etagHeader, ifMatch } from '../write/etag.ts';
import { meant } from '../write/if-match.ts';
import { noMachine } from '../write/not-found.ts';
import { withWarnings } from '../write/warnings.ts';
import { machineIntent, machineReply, registered } from './machine-intent.ts';

const written = withWarnings(machineSchema);

/** Machines: registered, found, changed, deleted. */
export const machineRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/machines',
    summary: 'Register a machine',
    role: 'operator',
    body: newMachine,
    answers: {
      201: { description: 'The machine', body: written, headers: { ...location, ...etagHeader } },
    },
    problems: ['bad-input', 'mac-taken', 'template-error'],
    handle({ body, audit }, parts) {
      const id = randomUUIDv7();
      return commit(async () => {
        const now = parts.clock().toISOString();
        const made = { history: [], version: 1, created_at: now, updated_at: now };
        return registered('machine.create', undefined, { id, ...body, ...made }, audit);
      }, parts);
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/machines',
    summary: 'List machines, or search them by what one of them says, such as `label=rack=r1`',
    role: 'viewer',
    query: machinesQuery,
    answers: { 200: { description: 'A page of machines', body: pageSchema(machineSchema) } },
    problems: ['bad-input'],
    async handle({ query }, { records }) {
      const { limit: _, cursor: __, ...search } = query;
      return { status: 200, body: await records.listMachines(pageOf(query), search) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/machines/{id}',
    summary: 'One machine',
    role: 'viewer',
    answers: { 200: { description: 'The machine', body: machineSchema, headers: etagHeader } },
    problems: ['unknown-machine'],
    async handle({ params: { id = '' } }, { records }) {
      const machine = await records.machine(id);
      return machine ? machineReply(machine, 200) : noMachine(id);
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/machines/{id}',
    summary:
      'Replace what an administrator says of a machine; what it boots, its history, and that an apply manages it, stay. With If-Match only the version that was read',
    role: 'operator',
    headers: ifMatch,
    body: newMachine,
    answers: { 200: { description: 'The machine', body: written, headers: etagHeader } },
    problems: ['bad-input', 'unknown-machine', 'mac-taken', 'precondition-failed', 'template-error'],
    handle: ({ params: { id = '' }, body, audit, headers }, parts) =>
      commit(async () => {
        const before = meant('machine', id, await parts.records.machine(id), headers['if-match']);
        if (isRefusal(before)) return before;
        const { active, history, managed_by, created_at } = before;
        const after: Machine = {
          id,
          ...body,
          ...(active !== undefined && { active }),
          ...(managed_by && { managed_by }),
          history,
          version: before.version + 1,
          created_at,
          updated_at: parts.clock().toISOString(),
        };
        return registered('machine.change', before, after, audit);
      }, parts),
  }),
  route({
    method: 'delete',
    path: '/api/v1/machines/{id}',
    summary: 'Delete a machine; what it did in its boots stays. With If-Match only the version that was read',
    role: 'operator',
    headers: ifMatch,
    answers: { 204: { description: 'It is gone' } },
    problems: ['unknown-machine', 'precondition-failed'],
    handle: ({ params: { id = '' }, audit, headers }, parts) =>
      commit(async () => {
        const before = meant('machine', id, await parts.records.machine(id), headers['if-match']);
        return isRefusal(before) ? before : machineIntent(id, 'machine.delete', before, undefined, audit);
      }, parts),
  }),
];
