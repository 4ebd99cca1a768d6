import { closeSync } from 'node:fs';
import type { Context } from 'koa';
import { type ByteRange, byteRange } from '../byte-range.ts';
import { answerEmpty } from './answer.ts';
import { isHeaderValue } from './attributes.ts';
import { judge, sameAs, type Validators } from './conditional-request.ts';
import { etagOf } from './object-resource.ts';
import { lostBytes, openBytes } from './open-bytes.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';
import { sendFile } from './send-file.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

/** What the reader wants instead of what is stored: `response-content-type`, `response-content-disposition`. */
export interface Instead {
  readonly type?: string | undefined;
  readonly disposition?: string | undefined;
}

/** Answers a GET or HEAD with an object's bytes, if its conditions and its range allow. */
export async function answerMedia(
  ctx: Context,
  store: Store,
  object: StoredObject,
  instead: Instead = {},
): Promise<Refusal | undefined> {
  const { size } = object;
  const validators = { etag: mediaEtag(object), modified: object.updated };
  const wrong = Object.values(instead).find((value) => value !== undefined && !isHeaderValue(value));
  if (wrong !== undefined) return refuse('InvalidArgument', `No header can hold ${wrong}.`);

  const verdict = judge(ctx.headers, validators);
  if (verdict === 'failed') return refuse('PreconditionFailed');
  ctx.set(mediaHeaders(object));
  if (verdict === 'not-modified') {
    answerEmpty(ctx, 304);
    return undefined;
  }
  const range = rangeOf(ctx, size, validators);
  if (range === 'unsatisfiable')
    return refuse('InvalidRange', undefined, { headers: { 'Content-Range': `bytes */${size}` } });
  ctx.set('Content-Type', instead.type ?? object.attributes.contentType ?? 'application/octet-stream');
  const disposition = instead.disposition ?? object.attributes.contentDisposition;
  if (disposition) ctx.set('Content-Disposition', disposition);
  return await sendBytes(ctx, store, object, range);
}

function rangeOf(
  ctx: Context,
  size: number,
  validators: Validators,
): ByteRange | 'unsatisfiable' | undefined {
  if (ctx.method !== 'GET' || !sameAs(ctx.get('If-Range') || undefined, validators)) return undefined;
  return byteRange(ctx.get('Range'), size);
}

/** Bytes that are not all there are refused before anything is said of them, to HEAD as well. */
async function sendBytes(
  ctx: Context,
  store: Store,
  object: StoredObject,
  range: ByteRange | undefined,
): Promise<Refusal | undefined> {
  const { size } = object;
  const fd = openBytes(store, object);
  if (isRefusal(fd)) {
    ctx.app.emit('error', fd.details, ctx);
    return fd;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  ctx.body = Buffer.alloc(0);
  ctx.status = range ? 206 : 200;
  ctx.length = end + 1 - start;
  if (range) ctx.set('Content-Range', `bytes ${start}-${end}/${size}`);
  if (ctx.method === 'HEAD' || size === 0) {
    closeSync(fd);
    return undefined;
  }
  ctx.respond = false;
  // The descriptor outlives the file's name: this generation is sent to its end whatever is written meanwhile.
  ctx.state.sent = 0;
  try {
    await sendFile(ctx.res, fd, { start, end }, (bytes) => {
      ctx.state.sent += bytes;
    });
    return undefined;
  } catch (error) {
    const refusal = ctx.res.headersSent ? undefined : lostBytes(error, object);
    if (!refusal) throw error;
    ctx.respond = true;
    return refusal;
  }
}

function mediaHeaders(object: StoredObject): Record<string, string> {
  const { attributes, crc32c, md5 } = object;
  const metadata = Object.entries(attributes.metadata ?? {})
    .map(([name, value]) => [`x-goog-meta-${name.toLowerCase()}`, value] as const)
    .filter(([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && isHeaderValue(value));
  return {
    ETag: mediaEtag(object),
    'Last-Modified': new Date(object.updated).toUTCString(),
    'Accept-Ranges': 'bytes',
    // What Cloud Storage says of an object that is not public and says nothing itself.
    'Cache-Control': attributes.cacheControl ?? 'private, max-age=0',
    ...(attributes.contentEncoding && { 'Content-Encoding': attributes.contentEncoding }),
    ...(attributes.contentLanguage && { 'Content-Language': attributes.contentLanguage }),
    'x-goog-generation': String(object.generation),
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-stored-content-encoding': attributes.contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(object.size),
    'x-goog-storage-class': 'STANDARD',
    'x-goog-hash': md5 === undefined ? `crc32c=${crc32c}` : `crc32c=${crc32c},md5=${md5}`,
    ...Object.fromEntries(metadata),
  };
}

/** The XML API's ETag is the MD5 in hex; a composite, which has none, gets another. */
export function mediaEtag(object: StoredObject): string {
  const { md5 } = object;
  return `"${md5 === undefined ? etagOf(object) : Buffer.from(md5, 'base64').toString('hex')}"`;
}
