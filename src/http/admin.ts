import { isRefusal, refuse } from '../boot/problem.ts';
import { auditRoutes } from './audit.ts';
import { explain } from './explain.ts';
import { explanationSchema } from './explain-schemas.ts';
import { machineRoutes } from './machines.ts';
import { pendingRoutes } from './pending.ts';
import { pointerRoutes } from './pointers.ts';
import { profileRoutes } from './profiles.ts';
import { assetSchema, bootEventSchema, location, pageSchema, startedUploadSchema } from './resources.ts';
import { type Route, route } from './route.ts';
import { ruleRoutes } from './rules.ts';
import { assetsQuery, bootsQuery, explainQuery, newUpload, pageOf } from './schemas.ts';
import { tokenRoutes } from './tokens.ts';
import { completeUpload, startUpload } from './uploads.ts';

/** The admin plane, on one screen. */
export const adminRoutes: readonly Route[] = [
  ...pendingRoutes, // before /machines/{id}
  ...machineRoutes,
  route({
    method: 'post',
    path: '/api/v1/uploads',
    summary: 'Announce an asset and get the signed URL under which its bytes may come',
    role: 'operator',
    body: newUpload,
    answers: { 201: { description: 'The upload', body: startedUploadSchema, headers: location } },
    problems: ['bad-input', 'asset-exists'],
    handle: ({ body, localAddress }, parts) => startUpload(body, localAddress, parts),
  }),
  route({
    method: 'post',
    path: '/api/v1/uploads/{id}/complete',
    summary: 'Say that the bytes are there; they are checked and hashed. May be repeated',
    role: 'operator',
    answers: {
      200: { description: 'The asset, ready', body: assetSchema },
      202: { description: 'The asset, while it is being hashed: ask again', body: assetSchema },
    },
    problems: ['unknown-upload', 'upload-incomplete', 'upload-mismatch', 'upload-superseded'],
    handle: ({ params: { id = '' } }, parts) => completeUpload(id, parts),
  }),
  route({
    method: 'get',
    path: '/api/v1/assets',
    summary: 'List assets',
    role: 'viewer',
    query: assetsQuery,
    answers: { 200: { description: 'A page of assets', body: pageSchema(assetSchema) } },
    problems: ['bad-input'],
    async handle({ query }, { records }) {
      const { limit: _, cursor: __, ...filter } = query;
      return { status: 200, body: await records.listAssets(filter, pageOf(query)) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/assets/{id}',
    summary: 'One asset',
    role: 'viewer',
    answers: { 200: { description: 'The asset', body: assetSchema } },
    problems: ['unknown-asset'],
    async handle({ params: { id = '' } }, { records }) {
      const asset = await records.asset(id);
      return asset ? { status: 200, body: asset } : refuse('unknown-asset', `There is no asset ${id}.`);
    },
  }),
  ...profileRoutes,
  ...ruleRoutes,
  ...pointerRoutes,
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
  ...tokenRoutes,
  ...auditRoutes,
];
