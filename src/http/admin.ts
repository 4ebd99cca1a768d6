import { randomUUIDv7 } from 'node:crypto';
import type { Machine } from '../boot/machine.ts';
import { isRefusal, refuse } from '../boot/problem.ts';
import { assetRoutes } from './asset-routes.ts';
import { conflicting } from './conflicting.ts';
import { explain } from './explain.ts';
import { pageOf } from './page-of.ts';
import { createProfile } from './profiles.ts';
import {
  bootEventSchema,
  createdRevisionSchema,
  explanationSchema,
  machineSchema,
  pageSchema,
  profileRevisionSchema,
} from './resources.ts';
import { type Route, route } from './route.ts';
import { bootsQuery, explainQuery, machinesQuery, newMachine, newProfile, page } from './schemas.ts';

const location = { Location: 'Where it is from now on' };

/** The admin plane, on one screen. */
export const adminRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/machines',
    summary: 'Register a machine',
    role: 'operator',
    body: newMachine,
    answers: { 201: { description: 'The machine', body: machineSchema, headers: location } },
    problems: ['bad-input', 'mac-taken'],
    async handle({ body }, { records, clock }) {
      const now = clock().toISOString();
      const { macs, ...rest } = body;
      const machine: Machine = {
        id: randomUUIDv7(),
        ...rest,
        macs: [...new Set(macs)],
        history: [],
        version: 1,
        created_at: now,
        updated_at: now,
      };
      const written = await records.write([{ kind: 'machine', id: machine.id, expected: 0, to: machine }]);
      if (written !== 'written') return conflicting(written);
      return { status: 201, headers: { Location: `/api/v1/machines/${machine.id}` }, body: machine };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/machines',
    summary: 'List machines, or the one that has a MAC',
    role: 'viewer',
    query: machinesQuery,
    answers: { 200: { description: 'A page of machines', body: pageSchema(machineSchema) } },
    problems: ['bad-input'],
    async handle({ query }, { records }) {
      if (query.mac === undefined) return { status: 200, body: await records.listMachines(pageOf(query)) };
      const machine = await records.findMachine({ mac: query.mac });
      return { status: 200, body: { items: machine ? [machine] : [] } };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/machines/{id}',
    summary: 'One machine',
    role: 'viewer',
    answers: { 200: { description: 'The machine', body: machineSchema } },
    problems: ['unknown-machine'],
    async handle({ params: { id = '' } }, { records }) {
      const machine = await records.machine(id);
      return machine
        ? { status: 200, body: machine }
        : refuse('unknown-machine', `There is no machine ${id}.`);
    },
  }),
  ...assetRoutes,
  route({
    method: 'post',
    path: '/api/v1/profiles',
    summary: "Make a profile revision; with machine_id it becomes that machine's",
    role: 'operator',
    body: newProfile,
    answers: {
      201: {
        description: 'The revision, its assets resolved',
        body: createdRevisionSchema,
        headers: location,
      },
    },
    problems: ['bad-input', 'unknown-machine', 'asset-not-ready'],
    handle: ({ body }, parts) => createProfile(body, parts),
  }),
  route({
    method: 'get',
    path: '/api/v1/profiles',
    summary: 'List profile revisions',
    role: 'viewer',
    query: page,
    answers: { 200: { description: 'A page of revisions', body: pageSchema(profileRevisionSchema) } },
    problems: ['bad-input'],
    handle: async ({ query }, { records }) => ({
      status: 200,
      body: await records.listProfiles(pageOf(query)),
    }),
  }),
  route({
    method: 'get',
    path: '/api/v1/profiles/{id}',
    summary: 'One profile revision',
    role: 'viewer',
    answers: { 200: { description: 'The revision', body: profileRevisionSchema } },
    problems: ['unknown-profile'],
    async handle({ params: { id = '' } }, { records }) {
      const revision = await records.profile(id);
      return revision
        ? { status: 200, body: revision }
        : refuse('unknown-profile', `There is no profile revision ${id}.`);
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/boots',
    summary: 'What machines were given and what they reported',
    role: 'viewer',
    query: bootsQuery,
    answers: { 200: { description: 'A page of boot events', body: pageSchema(bootEventSchema) } },
    problems: ['bad-input'],
    handle: async ({ query }, { records }) => ({
      status: 200,
      body: await records.listBootEvents(query.machine, pageOf(query)),
    }),
  }),
  route({
    method: 'get',
    path: '/api/v1/explain',
    summary: 'What a caller would get, and why',
    role: 'viewer',
    query: explainQuery,
    answers: { 200: { description: 'The decision and its reasons', body: explanationSchema } },
    problems: ['bad-input'],
    async handle({ query }, parts) {
      const explained = await explain(query, parts);
      return isRefusal(explained) ? explained : { status: 200, body: explained };
    },
  }),
];
