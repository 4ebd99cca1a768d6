import { type Warning, warning } from '../warning.ts';
import { type Identity, placeholdersIn } from './identity.ts';

/** That a UUID or serial names no machine, and what comes of it. */
export function placeholderWarnings(
  names: Pick<Identity, 'uuid' | 'serial'>,
  consequence: string,
): readonly Warning[] {
  return Object.entries(placeholdersIn((name) => names[name as keyof typeof names])).map(([by, value]) =>
    warning(
      'placeholder',
      `The ${by} ${value} is one that firmware says where nobody set one: ${consequence}.`,
    ),
  );
}
