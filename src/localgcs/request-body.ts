import type { Context } from 'koa';
import { type Refusal, refuse } from './refusal.ts';
import type { Incoming } from './sessions.ts';

/** JSON bodies are metadata; none of Google's clients sends more. */
const LARGEST_JSON = 1024 * 1024;

/** The request's body. It is asked for, and read, only when it is iterated over. */
export function incoming(ctx: Context): Incoming {
  return { chunks: chunks(ctx), stop: () => ctx.req.destroy() };
}

async function* chunks(ctx: Context): AsyncGenerator<Buffer> {
  if (ctx.headers.expect?.toLowerCase() === '100-continue') ctx.res.writeContinue();
  yield* ctx.req.iterator({ destroyOnReturn: false });
  // However a body is broken off, its end must never look like the end of the upload.
  if (!ctx.req.complete) throw Object.assign(new Error('the body broke off'), { code: 'ECONNRESET' });
}

/** Undefined when it is not announced. */
export function bodyLength(ctx: Context): number | undefined {
  const length = ctx.headers['content-length'];
  if (length !== undefined) return Number(length);
  return ctx.headers['transfer-encoding'] === undefined ? 0 : undefined;
}

/** A JSON object; an empty body is one without fields. */
export async function readJson(body: AsyncIterable<Uint8Array>): Promise<object | Refusal> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LARGEST_JSON)
      return refuse('EntityTooLarge', `JSON bodies have at most ${LARGEST_JSON} bytes.`);
    read.push(chunk);
  }
  return parseJson(Buffer.concat(read).toString());
}

export function parseJson(text: string): object | Refusal {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  return refuse('InvalidArgument', 'The body is not a JSON object.');
}
