import { randomUUIDv7 } from 'node:crypto';
import { z } from 'zod';
import { activated } from '../../../boot/activation.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import { parseArch } from '../../../boot/profile.ts';
import { machineSchema, said } from '../../../boot/schema/machine.ts';
import { pendingSchema } from '../../../boot/schema/pending.ts';
import { name } from '../../../boot/schema/values.ts';
import { location, pageSchema } from '../answers.ts';
import { page, pageOf } from '../queries.ts';
import { type Route, route } from '../route.ts';
import { commit } from '../write/commit.ts';
import { etagHeader } from '../write/etag.ts';
import { withWarnings } from '../write/warnings.ts';
import { registered } from './machine-intent.ts';

const enrollment = z.strictObject({
  name: said.name,
  labels: said.labels,
  networks: said.networks,
  profile: name
    .describe('Name of a profile; its newest revision becomes what the machine boots')
    .exactOptional(),
});

/** Machines that nobody has registered and that asked to boot. */
export const pendingRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/machines/pending',
    summary:
      'List machines that nobody has registered and that asked to boot, at most 1000, those that asked last',
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
    method: 'post',
    path: '/api/v1/machines/pending/{id}/enroll',
    summary: 'Register a pending machine under all that it was observed to call itself',
    role: 'operator',
    body: enrollment,
    answers: {
      201: {
        description: 'The machine',
        body: withWarnings(machineSchema),
        headers: { ...location, ...etagHeader },
      },
    },
    problems: ['bad-input', 'unknown-pending', 'unknown-profile', 'mac-taken', 'template-error'],
    handle({ params: { id = '' }, body, audit }, parts) {
      const machineId = randomUUIDv7();
      return commit(async () => {
        const { records, clock } = parts;
        const { profile, ...wanted } = body;
        const pending = await records.pending(id);
        if (!pending) return noPending(id);
        const revision = profile === undefined ? undefined : await records.newestProfile(profile);
        if (profile !== undefined && !revision)
          return refuse(
            'unknown-profile',
            `There is no profile ${profile}. List them: bootbroker profile list`,
          );
        const now = clock().toISOString();
        const { mac, uuid, serial } = pending;
        const arch = parseArch(pending.arch);
        const bare: Machine = {
          id: machineId,
          ...wanted,
          labels: { ...(arch && { arch }), ...wanted.labels },
          macs: mac ? [mac] : [],
          ...(uuid && { uuid }),
          ...(serial && { serial }),
          history: [],
          version: 1,
          created_at: now,
          updated_at: now,
        };
        const machine = revision ? { ...activated(bare, revision.id, now), version: 1 } : bare;
        return registered('machine.enroll', undefined, machine, audit);
      }, parts);
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/machines/pending/{id}',
    summary: 'Dismiss a pending machine, until it asks again',
    role: 'operator',
    answers: { 204: { description: 'It is gone' } },
    problems: ['unknown-pending'],
    handle: ({ params: { id = '' }, audit }, parts) =>
      commit(async () => {
        const pending = await parts.records.pending(id);
        if (!pending) return noPending(id);
        return {
          changes: [{ kind: 'pending', id }],
          audit: [audit('pending.dismiss', { kind: 'pending', id }, pending, undefined)],
          reply: { status: 204, body: undefined },
        };
      }, parts),
  }),
];

function noPending(id: string): Refusal {
  return refuse('unknown-pending', `No machine ${id} is pending. List them: bootbroker machine pending`);
}
