import { type Fields as Declared, pairText, searchable, wantedBy } from '../../boot/fields/field.ts';
import { isIndexed, type Value } from './documents.ts';

/** What a document is searched by, by field. */
export function searchValues(declared: Declared, document: object): Record<string, Value | undefined> {
  const said = document as Readonly<Record<string, Value | Readonly<Record<string, string>> | undefined>>;
  return Object.fromEntries(
    searchable(declared).map(([name, { kind }]) => {
      const pairs = kind === 'pairs' ? Object.entries(said[name] ?? {}) : [];
      const texts = pairs.map(([key, value]) => pairText(key, value)).filter(isIndexed);
      return [name, kind === 'pairs' ? texts : (said[name] as Value | undefined)];
    }),
  );
}

/** A search as conditions for `pageOf`. */
export function searched(declared: Declared, search: object) {
  return Object.fromEntries(
    wantedBy(declared, search).map(({ name, kind, text }) => [
      name,
      kind === 'text' ? text : { contains: text },
    ]),
  );
}
