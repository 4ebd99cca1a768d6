import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import type { Actor } from '../../../boot/access/actor.ts';
import type { AuditEntry } from '../../../boot/access/audit.ts';
import type { Machine } from '../../../boot/machine.ts';
import { pendingIds } from '../../../boot/pending-machine.ts';
import type { Refusal } from '../../../boot/problem.ts';
import type { Change } from '../../../records/records.ts';
import { location, pageSchema } from '../fields.ts';
import { machinesQuery, newMachine, pageOf } from '../inputs.ts';
import type { AdminParts } from '../parts.ts';
import { type Reply, type Route, route } from '../route.ts';
import { audited } from '../write/audit-entry.ts';
import { conflicting } from '../write/conflicting.ts';
import { etagHeader, etagOf, ifMatch, isMeant } from '../write/etag.ts';
import { noMachine } from '../write/not-found.ts';
import { unrenderable } from '../write/render-check.ts';
import { machineSchema } from './machine-resources.ts';

/** Machines: registered, found, changed, deleted. */
export const machineRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/machines',
    summary: 'Register a machine',
    role: 'operator',
    body: newMachine,
    answers: {
      201: { description: 'The machine', body: machineSchema, headers: { ...location, ...etagHeader } },
    },
    problems: ['bad-input', 'mac-taken', 'template-error'],
    handle({ body, by }, parts) {
      const now = parts.clock().toISOString();
      const machine: Machine = {
        id: randomUUIDv7(),
        ...wanted(body),
        history: [],
        version: 1,
        created_at: now,
        updated_at: now,
      };
      return register(machine, 'machine.create', by, parts);
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/machines',
    summary: 'List machines; or search them by MAC, UUID, serial number or label (`label=rack=r1`)',
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
      return machine ? replyOf(machine) : noMachine(id);
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/machines/{id}',
    summary:
      'Replace what an administrator says of a machine; what it boots, and its history, stay. With If-Match only the version that was read',
    role: 'operator',
    headers: ifMatch,
    body: newMachine,
    answers: { 200: { description: 'The machine', body: machineSchema, headers: etagHeader } },
    problems: ['bad-input', 'unknown-machine', 'mac-taken', 'precondition-failed', 'template-error'],
    handle: ({ params: { id = '' }, body, by, headers }, parts) =>
      changing(parts, id, headers['if-match'], (before) => {
        const { created_at, active, history } = before;
        const after: Machine = {
          id,
          ...wanted(body),
          ...(active !== undefined && { active }),
          history,
          version: before.version + 1,
          created_at,
          updated_at: parts.clock().toISOString(),
        };
        const entry = audited(by, 'machine.change', target(id), before, after);
        return { to: after, entry, reply: replyOf(after) };
      }),
  }),
  route({
    method: 'delete',
    path: '/api/v1/machines/{id}',
    summary: 'Delete a machine; what it did in its boots stays. With If-Match only the version that was read',
    role: 'operator',
    headers: ifMatch,
    answers: { 204: { description: 'It is gone' } },
    problems: ['unknown-machine', 'precondition-failed'],
    handle: ({ params: { id = '' }, by, headers }, parts) =>
      changing(parts, id, headers['if-match'], (before) => ({
        to: undefined,
        entry: audited(by, 'machine.delete', target(id), before, undefined),
        reply: { status: 204, body: undefined },
      })),
  }),
];

/** Writes a machine that is new, and answers with it. */
export async function register(
  machine: Machine,
  action: 'machine.create' | 'machine.enroll',
  by: Actor,
  parts: AdminParts,
): Promise<Reply | Refusal> {
  const made: Change = { kind: 'machine', id: machine.id, expected: 0, to: machine };
  const fault = await unrenderable([made], parts);
  if (fault) return fault;
  const written = await parts.records.write(
    [made, ...notPending(machine)],
    [audited(by, action, target(machine.id), undefined, machine)],
  );
  if (written !== 'written') return conflicting(written);
  const headers = { Location: `/api/v1/machines/${machine.id}`, ETag: etagOf(machine.version) };
  return { status: 201, headers, body: machine };
}

interface MachineChange {
  readonly to: Machine | undefined;
  readonly entry: AuditEntry;
  readonly reply: Reply;
}

/** Changes what is there. Who names no version means whatever is there, and takes turns with others. */
async function changing(
  parts: AdminParts,
  id: string,
  match: string | undefined,
  change: (before: Machine) => MachineChange,
): Promise<Reply | Refusal> {
  const { records } = parts;
  for (;;) {
    const before = await records.machine(id);
    if (!before) return noMachine(id);
    if (!isMeant(match, before.version))
      return conflicting({ kind: 'changed', what: 'machine', id, version: before.version });
    const { to, entry, reply } = change(before);
    const changed: Change = { kind: 'machine', id, expected: before.version, to };
    const fault = await unrenderable([changed], parts);
    if (fault) return fault;
    const written = await records.write([changed, ...(to ? notPending(to) : [])], [entry]);
    if (written === 'written') return reply;
    if (written.kind !== 'changed' || match !== undefined) return conflicting(written);
  }
}

/** Who is registered is pending no more. */
function notPending(machine: Machine): Change[] {
  return pendingIds(machine).map((id) => ({ kind: 'pending', id }));
}

function wanted({ macs, ...rest }: z.output<typeof newMachine>) {
  return { ...rest, macs: [...new Set(macs)] };
}

function target(id: string) {
  return { kind: 'machine', id };
}

function replyOf(machine: Machine): Reply {
  return { status: 200, headers: { ETag: etagOf(machine.version) }, body: machine };
}
