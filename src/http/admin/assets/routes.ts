import { programWarnings } from '../../../boot/asset/program-warnings.ts';
import { refuse } from '../../../boot/problem.ts';
import { assetSchema } from '../../../boot/schema/asset.ts';
import { newUpload, uploadSchema } from '../../../boot/schema/upload.ts';
import { pageSchema } from '../answers.ts';
import { assetsQuery, collectQuery, pageOf, uploadsQuery } from '../queries.ts';
import { type Route, route } from '../route.ts';
import { warned, withWarnings } from '../write/warnings.ts';
import { collectedSchema, startedUploadSchema } from './asset-resources.ts';
import { completeUpload } from './complete-upload.ts';
import { retireAsset, unretireAsset } from './retire.ts';
import { lookedAt, scrubAsset } from './scrub.ts';
import { abortUpload, startUpload } from './uploads.ts';

const dayMs = 24 * 3600 * 1000;

/** Assets, and the uploads that bring their bytes. */
export const assetRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/uploads',
    summary: 'Announce an asset and get the signed URL, or the session, under which its bytes may come',
    role: 'operator',
    body: newUpload,
    answers: {
      201: {
        description: 'The upload',
        body: startedUploadSchema,
        headers: { Location: 'Where it is from now on' },
      },
    },
    problems: ['bad-input', 'asset-exists'],
    handle: ({ body, localAddress, audit }, parts) => startUpload(body, { localAddress, audit }, parts),
  }),
  route({
    method: 'get',
    path: '/api/v1/uploads',
    summary: 'List uploads',
    role: 'viewer',
    query: uploadsQuery,
    answers: { 200: { description: 'A page of uploads', body: pageSchema(uploadSchema) } },
    problems: ['bad-input'],
    async handle({ query }, { records }) {
      const { limit: _, cursor: __, ...filter } = query;
      return { status: 200, body: await records.listUploads(filter, pageOf(query)) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/uploads/{id}',
    summary: 'One upload; what opens it is told only when it is made',
    role: 'viewer',
    answers: { 200: { description: 'The upload', body: uploadSchema } },
    problems: ['unknown-upload'],
    async handle({ params: { id = '' } }, { records }) {
      const upload = await records.upload(id);
      return upload ? { status: 200, body: upload } : refuse('unknown-upload', `There is no upload ${id}.`);
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/uploads/{id}',
    summary: 'Abort an upload: its bytes are deleted, and its asset is free for a new one. May be repeated',
    role: 'operator',
    answers: { 200: { description: 'The upload, aborted', body: uploadSchema } },
    problems: ['unknown-upload', 'upload-over'],
    handle: ({ params: { id = '' }, audit }, parts) => abortUpload(id, audit, parts),
  }),
  route({
    method: 'post',
    path: '/api/v1/uploads/{id}/complete',
    summary: 'Say that the bytes are there; they are checked, and hashed if they boot. May be repeated',
    role: 'operator',
    answers: {
      200: { description: 'The asset, ready', body: withWarnings(assetSchema) },
      202: { description: 'The asset, while it is being hashed: ask again', body: withWarnings(assetSchema) },
    },
    problems: ['unknown-upload', 'upload-incomplete', 'upload-mismatch', 'upload-superseded', 'upload-over'],
    handle: ({ params: { id = '' }, audit }, parts) => completeUpload(id, audit, parts),
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
    summary:
      'One asset; while it is hashed, how far that has come; once it is ready, whether its bytes are still there',
    role: 'viewer',
    answers: { 200: { description: 'The asset', body: withWarnings(assetSchema) } },
    problems: ['unknown-asset'],
    async handle({ params: { id = '' } }, parts) {
      await lookedAt([id], parts);
      const asset = await parts.records.asset(id);
      if (asset) return warned({ status: 200, body: asset }, programWarnings(asset));
      return refuse('unknown-asset', `There is no asset ${id}.`);
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/assets/{id}/retire',
    summary: 'No new profile may name it from now on; what names it goes on booting. May be repeated',
    role: 'operator',
    answers: { 200: { description: 'The asset, retired', body: assetSchema } },
    problems: ['unknown-asset', 'asset-not-ready'],
    handle: ({ params: { id = '' }, audit }, parts) => retireAsset(id, audit, parts),
  }),
  route({
    method: 'post',
    path: '/api/v1/assets/{id}/unretire',
    summary: 'Take a retired asset back into use, as long as it is not deleted. May be repeated',
    role: 'operator',
    answers: { 200: { description: 'The asset, ready', body: assetSchema } },
    problems: ['unknown-asset', 'asset-not-ready'],
    handle: ({ params: { id = '' }, audit }, parts) => unretireAsset(id, audit, parts),
  }),
  route({
    method: 'post',
    path: '/api/v1/assets/{id}/scrub',
    summary:
      'Read all its bytes again, in the embedded storage, or else what Google says of them. Damaged, no machine is given it; whole, it is taken back into use',
    role: 'operator',
    answers: {
      200: { description: 'The asset, as it was found', body: assetSchema },
      202: { description: 'The asset, while it is being read: ask again', body: assetSchema },
    },
    problems: ['unknown-asset', 'asset-not-ready'],
    handle: ({ params: { id = '' } }, parts) => scrubAsset(id, parts),
  }),
  route({
    method: 'post',
    path: '/api/v1/assets/gc',
    summary:
      'Delete retired assets that nothing live refers to, an hour after that was first seen, and lost objects',
    role: 'admin',
    query: collectQuery,
    answers: {
      200: { description: 'What became of each retired asset, and of lost objects', body: collectedSchema },
    },
    problems: ['bad-input'],
    handle: async ({ query: { dry_run, orphan_days }, audit }, { collect }) => ({
      status: 200,
      body: await collect({ dryRun: dry_run, orphanAgeMs: orphan_days * dayMs }, audit),
    }),
  }),
];
