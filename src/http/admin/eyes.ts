import { isDeepStrictEqual } from 'node:util';
import { type Actor, allows } from '../../boot/access/actor.ts';
import { masked, maskedPlaces } from '../../boot/masked.ts';
import { type Refusal, refuseParts } from '../../boot/problem.ts';

/** Says that secrets in the answer are masked, and by what: not what is stored, and not to be written back. */
export const maskedHeader = 'Bootbroker-Masked';

/**
 * What this caller may see of it: whoever may not write reads no secret that somebody wrote, wherever it stands, a command line, a
 * script, what a machine reported.
 */
export function forEyesOf<Value>(
  by: Actor,
  value: Value,
): { readonly value: Value; readonly isMasked: boolean } {
  if (allows(by.role, 'operator')) return { value, isMasked: false };
  const shown = masked(value) as Value;
  return { value: shown, isMasked: !isDeepStrictEqual(shown, value) };
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
