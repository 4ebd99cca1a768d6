import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { jsonError } from '../answer.ts';
import { codes, isRefusal, type Refusal, refuse } from '../refusal.ts';
import { incoming, readWhole } from '../request-body.ts';
import { answeredWithin } from './answered-within.ts';
import { type BatchPart, readBatch } from './batch-parts.ts';

/** In bytes (Cloud Storage, "Sending batch requests": less than 10 MB). */
const largestBatch = 10_000_000;

/**
 * `POST /batch/storage/v1`: up to 100 calls in one, as Google's clients for Python and Java send them. Each goes the way of a request
 * of its own, one after the other, and each answer is sent before the next is made: no more than one is ever held.
 */
export async function batch(ctx: Context, handle: RequestListener): Promise<Refusal | undefined> {
  const body = await readWhole(incoming(ctx).chunks, largestBatch);
  if (isRefusal(body)) return body;
  const parts = readBatch(ctx.get('Content-Type'), body);
  if (isRefusal(parts)) return parts;
  const boundary = `batch_${randomUUID()}`;
  ctx.status = 200;
  ctx.set('Content-Type', `multipart/mixed; boundary="${boundary}"`);
  ctx.body = Readable.from(answers(ctx, parts, boundary, handle), { objectMode: false });
  return undefined;
}

async function* answers(
  ctx: Context,
  parts: readonly BatchPart[],
  boundary: string,
  handle: RequestListener,
): AsyncGenerator<string | Buffer> {
  for (const part of parts) {
    const { id } = part;
    yield `--${boundary}\r\nContent-Type: application/http\r\n`;
    yield id === undefined ? '\r\n' : `Content-ID: ${answerId(id)}\r\n\r\n`;
    const no = notInBatch(part);
    yield no ? refused(no) : await answeredWithin(ctx.req, part, handle);
    yield '\r\n';
  }
  yield `--${boundary}--\r\n`;
}

/** As Google names the answer to `<ID>`: `<response-ID>`. */
const answerId = (id: string) => id.replace(/^<?/, (bracket) => `${bracket}response-`);

/** Bytes of objects come and go by themselves, at Google as well. */
function notInBatch({ target }: BatchPart): Refusal | undefined {
  const [path = '', query] = target.split('?');
  const isCall =
    path.startsWith('/storage/v1/') && !new URLSearchParams(query).getAll('alt').includes('media');
  return isCall
    ? undefined
    : refuse(
        'NotImplemented',
        `${path} cannot be part of a batch: only calls of /storage/v1/ without bytes can.`,
      );
}

function refused(no: Refusal): string {
  const body = JSON.stringify(jsonError(no));
  const type = 'Content-Type: application/json; charset=utf-8';
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return `HTTP/1.1 ${codes[no.refused].status} Refused\r\n${type}\r\n${length}\r\n\r\n${body}`;
}
