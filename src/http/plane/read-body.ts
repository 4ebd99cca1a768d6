import { isRefusal, type Refusal, refuse } from '../../boot/problem.ts';
import type { PlaneContext } from './context.ts';

/** Reads a request's body as UTF-8, up to a limit in bytes; a byte order mark is part of it. */
export async function readBody(ctx: PlaneContext, limit: number): Promise<string | Refusal> {
  const bytes = await readBytes(ctx, limit);
  return isRefusal(bytes) ? bytes : decoded(bytes);
}

/** The text of these bytes, which are to be UTF-8. */
export function decoded(bytes: Uint8Array): string | Refusal {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('bad-input', 'The body is not valid UTF-8.');
  }
}

/**
 * Reads a request's body, up to a limit in bytes. What is left of a larger one runs off unread: a connection that is closed on it
 * would be reset, and take the answer along.
 */
export async function readBytes(ctx: PlaneContext, limit: number): Promise<Buffer | Refusal> {
  const tooLarge = () => refuse('body-too-large', `The body is larger than ${limit} bytes. Send less.`);
  if (!/^(identity)?$/i.test(ctx.get('Content-Encoding')))
    return refuse('unsupported-media-type', 'Send the body as it is, without Content-Encoding.', {
      'Accept-Encoding': 'identity', // RFC 9110 section 12.5.3
    });
  if (Number(ctx.req.headers['content-length'] ?? 0) > limit) return tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return tooLarge();
      chunks.push(chunk);
    }
  } catch {
    return refuse('bad-input', 'The client left in the middle of the body.');
  }
  return Buffer.concat(chunks);
}
