import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { answerEmpty, answerRefusal, originOf } from '../answer.ts';
import { attributesInHeaders } from '../attributes.ts';
import type { Trust } from '../auth.ts';
import { deleteObject, type Wanted } from '../change-object.ts';
import { expectedOf, mismatch } from '../digest.ts';
import { findBucket, findObject, type Target } from '../find-object.ts';
import { insert } from '../insert.ts';
import { answerMedia, mediaEtag } from '../media.ts';
import { fromHeaders, generationOf, unmetByWriter } from '../preconditions.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { incoming } from '../request-body.ts';
import { announcedSize, cancel, resume } from '../session-requests.ts';
import type { Sessions } from '../sessions.ts';
import type { StoredObject } from '../store/objects-table.ts';
import type { Store } from '../store/store.ts';
import { readXmlRequest, type XmlRequest } from './request.ts';

/** The XML API: `/BUCKET/OBJECT`, opened by a V4 signature, the token or a session URI. */
export function xmlApi(store: Store, sessions: Sessions, trust: Trust): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    const request = readXmlRequest(ctx.req, trust);
    if (isRefusal(request)) return answerRefusal(ctx, request);
    if (request.session) return await session(ctx, sessions, request.session, request.target);

    const bucket = findBucket(store, request.target.bucket);
    if (isRefusal(bucket)) return answerRefusal(ctx, bucket);
    if (request.target.name === '' || ctx.get('x-goog-copy-source'))
      return answerRefusal(ctx, refuse('NotImplemented', 'Use the JSON API for buckets and for copies.'));

    const wanted = readWanted(ctx, request);
    if (isRefusal(wanted)) return answerRefusal(ctx, wanted);
    const refusal = await answer(ctx, store, sessions, request, wanted);
    if (refusal) answerRefusal(ctx, refusal);
  };
}

async function answer(
  ctx: Context,
  store: Store,
  sessions: Sessions,
  request: XmlRequest,
  wanted: Wanted,
): Promise<Refusal | undefined> {
  switch (ctx.method) {
    case 'GET':
    case 'HEAD':
      return await read(ctx, store, request, wanted);
    case 'PUT':
      return await put(ctx, store, request, wanted);
    case 'POST':
      return start(ctx, sessions, request, wanted);
    case 'DELETE': {
      const deleted = deleteObject(store, request.target, wanted);
      if (isRefusal(deleted)) return deleted;
      answerEmpty(ctx, 204);
      return undefined;
    }
    default:
      return refuse('MethodNotAllowed', `${ctx.method} is not one of GET, HEAD, PUT, POST and DELETE.`);
  }
}

async function read(ctx: Context, store: Store, { target, query }: XmlRequest, wanted: Wanted) {
  const object = findObject(store, target, wanted.generation);
  if (isRefusal(object)) return object;
  const refusal = unmetByWriter(wanted.preconditions, object);
  if (refusal) return refusal;
  return await answerMedia(ctx, store, object, {
    type: query.get('response-content-type'),
    disposition: query.get('response-content-disposition'),
  });
}

async function put(ctx: Context, store: Store, { target, sha256 }: XmlRequest, { preconditions }: Wanted) {
  const attributes = attributesInHeaders(ctx.headers);
  if (isRefusal(attributes)) return attributes;
  const hash = createHash('sha256');
  const object = await insert(store, target, sha256 ? hashed(ctx, hash) : incoming(ctx).chunks, {
    attributes,
    preconditions,
    check: (checksums) =>
      sha256 && hash.digest('hex') !== sha256
        ? refuse('BadDigest', 'The SHA-256 of the body is not the one that was signed.')
        : mismatch(checksums, expectedOf(ctx.headers)),
  });
  if (isRefusal(object)) return object;
  written(ctx, object);
  return undefined;
}

function start(ctx: Context, sessions: Sessions, { target, sha256 }: XmlRequest, { preconditions }: Wanted) {
  if (ctx.get('x-goog-resumable').toLowerCase() !== 'start')
    return refuse('NotImplemented', 'The only POST that is served has the header x-goog-resumable: start.');
  if (sha256 && sha256 !== createHash('sha256').digest('hex'))
    return refuse('BadDigest', 'An upload is started with an empty body, but another was signed.');
  const attributes = attributesInHeaders(ctx.headers);
  if (isRefusal(attributes)) return attributes;
  const expected = expectedOf(ctx.headers);
  const { bucket, name } = target;
  const id = sessions.start({ bucket, name, attributes, preconditions, expected, ...announcedSize(ctx) });
  if (isRefusal(id)) return id;
  answerEmpty(ctx, 201);
  ctx.set('Location', `${originOf(ctx)}${ctx.req.url?.split('?')[0]}?upload_id=${id}`);
  return undefined;
}

/** The id is a capability: whoever holds it needs nothing else, for that object. */
async function session(ctx: Context, sessions: Sessions, id: string, target: Target): Promise<void> {
  const upload = sessions.find(id);
  if (isRefusal(upload)) return answerRefusal(ctx, upload);
  if (upload.start.bucket !== target.bucket || upload.start.name !== target.name)
    return answerRefusal(ctx, refuse('NoSuchUpload'));
  if (ctx.method === 'DELETE') return await cancel(ctx, sessions, id);
  await resume(ctx, sessions, id, (object) => written(ctx, object));
}

function written(ctx: Context, object: StoredObject): void {
  answerEmpty(ctx, 200);
  ctx.set({
    ETag: mediaEtag(object),
    'x-goog-generation': String(object.generation),
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5}`,
    'x-goog-stored-content-length': String(object.size),
  });
}

function readWanted(ctx: Context, { query }: XmlRequest): Wanted | Refusal {
  const text = query.get('generation');
  const generation = text === undefined ? undefined : generationOf(text);
  if (text !== undefined && generation === undefined)
    return refuse('InvalidArgument', `A generation is a number, not ${text}.`);
  const preconditions = fromHeaders((name) => ctx.get(name) || undefined);
  return isRefusal(preconditions) ? preconditions : { generation, preconditions };
}

async function* hashed(
  ctx: Context,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of incoming(ctx).chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
