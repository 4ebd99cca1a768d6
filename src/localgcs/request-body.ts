import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import { pacedBody } from './paced-body.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';
import type { Incoming } from './sessions.ts';

/** JSON bodies are metadata; none of Google's clients sends more. */
const LARGEST_JSON = 1024 * 1024;

/** The request's body. It is asked for, and read, only when it is iterated over. */
export function incoming(ctx: Context): Incoming {
  return { chunks: chunks(ctx), stop: () => ctx.req.destroy() };
}

async function* chunks(ctx: Context): AsyncGenerator<Buffer> {
  if (ctx.headers.expect?.toLowerCase() === '100-continue') ctx.res.writeContinue();
  yield* pacedBody(ctx.req);
  // However a body is broken off, its end must never look like the end of the upload.
  if (!ctx.req.complete) throw Object.assign(new Error('the body broke off'), { code: 'ECONNRESET' });
}

/** Undefined when it is not announced. */
export function bodyLength(ctx: Context): number | undefined {
  const length = ctx.headers['content-length'];
  if (length !== undefined) return Number(length);
  return ctx.headers['transfer-encoding'] === undefined ? 0 : undefined;
}

/** A JSON object without its nulls: Google's client for Python writes down every field that it knows. An empty body is one without fields. */
export async function readJson(body: AsyncIterable<Uint8Array>): Promise<object | Refusal> {
  const text = await readText(body);
  return isRefusal(text) ? text : parseJson(text);
}

/** A JSON merge patch (RFC 7396), where null takes something away. */
export async function readPatch(body: AsyncIterable<Uint8Array>): Promise<object | Refusal> {
  const text = await readText(body);
  return isRefusal(text) ? text : parsed(text);
}

/** A body of at most so many bytes. */
export async function readWhole(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
): Promise<Buffer | Refusal> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > mostBytes) return refuse('EntityTooLarge', `This body may have at most ${mostBytes} bytes.`);
    read.push(chunk);
  }
  return Buffer.concat(read);
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string | Refusal> {
  const bytes = await readWhole(body, LARGEST_JSON);
  if (isRefusal(bytes)) return bytes;
  // Read on, two names would become one.
  if (!isUtf8(bytes)) return refuse('InvalidArgument', 'The body is not UTF-8.');
  return bytes.toString();
}

/** As `readJson`, from text. */
export function parseJson(text: string): object | Refusal {
  return parsed(text, (_, value) => value ?? undefined);
}

function parsed(text: string, reviver?: (key: string, value: unknown) => unknown): object | Refusal {
  try {
    // Google's library for Go sends `null` where it has nothing to say.
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text, reviver) ?? {};
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  return refuse('InvalidArgument', 'The body is not a JSON object.');
}
