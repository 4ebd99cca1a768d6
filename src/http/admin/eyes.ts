import { isDeepStrictEqual } from 'node:util';
import { type Actor, allows } from '../../boot/access/actor.ts';
import { masked, maskedPlaces } from '../../boot/masked.ts';
import { type Refusal, refuseParts } from '../../boot/problem.ts';
import { breather } from './write/breather.ts';

/** Says that secrets in the answer are masked, and by what: not what is stored, and not to be written back. */
export const maskedHeader = 'Bootbroker-Masked';

/**
 * What this caller may see of it: whoever may not write reads no secret that somebody wrote, wherever it stands, a command line, a
 * script, what a machine reported.
 */
export async function forEyesOf<Value>(by: Actor, value: Value): Promise<Shown<Value>> {
  if (allows(by.role, 'operator')) return { value, isMasked: false };
  const { items, ...rest } = (value ?? {}) as { readonly items?: unknown };
  if (!Array.isArray(items)) return shown(value);
  // A page may hold a thousand scripts.
  const breathe = breather();
  const each: Shown<unknown>[] = [];
  for (const item of items) {
    await breathe();
    each.push(shown(item));
  }
  const others = shown(rest);
  return {
    value: { items: each.map((one) => one.value), ...others.value } as Value,
    isMasked: [others, ...each].some(({ isMasked }) => isMasked),
  };
}

interface Shown<Value> {
  readonly value: Value;
  readonly isMasked: boolean;
}

function shown<Value>(value: Value): Shown<Value> {
  const seen = masked(value) as Value;
  return { value: seen, isMasked: !isDeepStrictEqual(seen, value) };
}

/** What was read masked and comes back would overwrite every secret with asterisks. */
export function refuseMasked(body: unknown): Refusal | undefined {
  const places = maskedPlaces(body);
  if (places.length === 0) return undefined;
  const message =
    'is masked (***), and was read by somebody who may not see it: write the secret itself, or export with the role operator';
  const [first = []] = places;
  return refuseParts(
    'bad-input',
    `${['body', ...first].join('.')} ${message}`,
    places.map((path) => ({ path, message })),
  );
}
