import { type Refusal, refuse } from '../../boot/problem.ts';
import { decoded, readBytes } from '../plane/read-body.ts';
import type { AdminContext } from './context.ts';
import { readStrictJson } from './strict-json.ts';

/** Bytes, where a route says nothing else. */
const longestBody = 1024 * 1024;
/** What is checked on the thread that boots machines, too, has at most so many keys and values. */
export const mostValues = 50_000;

/**
 * Reads the bytes of a request's body that is to be JSON (RFC 8259). An `optional` one may be missing, with its type. `limit` is
 * in bytes.
 */
export async function readJsonBytes(
  ctx: AdminContext,
  optional: boolean,
  limit = longestBody,
): Promise<Buffer | Refusal> {
  const untyped = optional && ctx.get('Content-Type') === '';
  const [type = '', ...parameters] = ctx.get('Content-Type').toLowerCase().split(';');
  const charset = parameters.find((one) => one.trim().startsWith('charset='));
  const isJson =
    type.trim() === 'application/json' && (!charset || /^\s*charset="?utf-8"?\s*$/.test(charset));
  const notJson = refuse(
    'unsupported-media-type',
    'Send the body as Content-Type: application/json, in UTF-8.',
  );
  if (!isJson && !untyped) return notJson;
  const bytes = await readBytes(ctx, limit);
  return bytes instanceof Buffer && bytes.length > 0 && !isJson ? notJson : bytes;
}

/** What these bytes say: in UTF-8, without a byte order mark, and nothing that could be read in two ways. */
export function jsonOf(
  bytes: Uint8Array,
  { optional = false, most = Number.POSITIVE_INFINITY },
): { readonly value: unknown } | Refusal {
  const text = decoded(bytes);
  if (typeof text !== 'string') return text;
  if (optional && text === '') return { value: undefined };
  const read = readStrictJson(text, most);
  return 'fault' in read ? refuse('bad-input', `The body ${read.fault}.`) : read;
}
