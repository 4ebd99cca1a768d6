import { type Refusal, refuse } from '../../boot/problem.ts';
import { readBody } from '../plane/read-body.ts';
import type { AdminContext } from './context.ts';
import { readStrictJson } from './strict-json.ts';

const longestBody = 1024 * 1024;

/**
 * Reads a request's body as JSON (RFC 8259): in UTF-8, without a byte order mark, and nothing that could be read in two ways. An
 * `optional` one may be missing, with its type. `limit` is in bytes.
 */
export async function readJson(
  ctx: AdminContext,
  optional: boolean,
  limit = longestBody,
): Promise<{ readonly value: unknown } | Refusal> {
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
  const text = await readBody(ctx, limit);
  if (typeof text !== 'string') return text;
  if (optional && text === '') return { value: undefined };
  if (!isJson) return notJson;
  const read = readStrictJson(text);
  return 'fault' in read ? refuse('bad-input', `The body ${read.fault}.`) : read;
}
