import type { Context } from 'koa';
import { answerEmpty, answerRefusal, originOf } from '../answer.ts';
import { type Expected, expectedOf, mismatch } from '../digest.ts';
import { insert } from '../insert.ts';
import { readMultipart } from '../multipart.ts';
import { objectResource } from '../object-resource.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { incoming, parseJson, readJson } from '../request-body.ts';
import { announcedSize, cancel, resume } from '../session-requests.ts';
import type { Sessions } from '../sessions.ts';
import type { StoredObject } from '../store/objects-table.ts';
import type { Store } from '../store/store.ts';
import { type Described, describedBy, parameter, wantedOf } from './request.ts';

/** `POST /upload/storage/v1/b/BUCKET/o`: an object in one go, or the start of a resumable upload. */
export async function insertObject(
  ctx: Context,
  store: Store,
  sessions: Sessions,
): Promise<object | Refusal> {
  switch (parameter(ctx, 'uploadType')) {
    case 'media':
      return await media(ctx, store);
    case 'multipart':
      return await multipart(ctx, store);
    case 'resumable':
      return await start(ctx, sessions);
    default:
      return refuse('InvalidArgument', 'The uploadType is one of media, multipart and resumable.');
  }
}

async function media(ctx: Context, store: Store): Promise<object | Refusal> {
  const described = describedBy({ contentType: ctx.get('Content-Type') || undefined });
  if (isRefusal(described)) return described;
  return await write(ctx, store, described, incoming(ctx).chunks);
}

async function multipart(ctx: Context, store: Store): Promise<object | Refusal> {
  const parts = await readMultipart(ctx.get('Content-Type'), incoming(ctx).chunks);
  if (isRefusal(parts)) return parts;
  const resource = parseJson(parts.metadata);
  if (isRefusal(resource)) return resource;
  const described = describedBy({ contentType: parts.contentType, ...resource });
  if (isRefusal(described)) return described;
  return await write(ctx, store, described, parts.media);
}

async function write(
  ctx: Context,
  store: Store,
  { name, attributes, expected }: Described,
  body: AsyncIterable<Uint8Array>,
): Promise<object | Refusal> {
  const wanted = wantedOf(ctx);
  if (isRefusal(wanted)) return wanted;
  const target = { bucket: String(ctx.params.bucket), name: parameter(ctx, 'name') ?? name ?? '' };
  const check = (checksums: Required<Expected>) => mismatch(checksums, expected, expectedOf(ctx.headers));
  const object = await insert(store, target, body, {
    attributes,
    preconditions: wanted.preconditions,
    check,
  });
  return isRefusal(object) ? object : objectResource(object, originOf(ctx));
}

async function start(ctx: Context, sessions: Sessions): Promise<object | Refusal> {
  const resource = await readJson(incoming(ctx).chunks);
  if (isRefusal(resource)) return resource;
  const described = describedBy({ contentType: ctx.get('X-Upload-Content-Type') || undefined, ...resource });
  if (isRefusal(described)) return described;
  const wanted = wantedOf(ctx);
  if (isRefusal(wanted)) return wanted;
  const { attributes, expected } = described;
  const id = sessions.start({
    bucket: String(ctx.params.bucket),
    name: parameter(ctx, 'name') ?? described.name ?? '',
    attributes,
    preconditions: wanted.preconditions,
    expected,
    ...announcedSize(ctx),
  });
  if (isRefusal(id)) return id;
  ctx.set('Location', `${originOf(ctx)}${ctx.path}?uploadType=resumable&upload_id=${id}`);
  ctx.set('X-GUploader-UploadID', id);
  return {};
}

/** `PUT`, `POST` and `DELETE` of a session URI; its id is a capability that needs no token. */
export async function continueUpload(ctx: Context, sessions: Sessions): Promise<void> {
  const id = parameter(ctx, 'upload_id') ?? '';
  const upload = sessions.find(id);
  if (isRefusal(upload)) return answerRefusal(ctx, upload);
  if (upload.start.bucket !== ctx.params.bucket) return answerRefusal(ctx, refuse('NoSuchUpload'));
  if (ctx.method === 'DELETE') return await cancel(ctx, sessions, id);
  await resume(ctx, sessions, id, (object: StoredObject) => {
    answerEmpty(ctx, 200);
    ctx.body = objectResource(object, originOf(ctx));
  });
}
