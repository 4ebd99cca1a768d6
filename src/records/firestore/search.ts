import {
  type Fields as Declared,
  type Field,
  pairText,
  searchable,
  wantedBy,
} from '../../boot/fields/field.ts';
import { isIndexed } from './documents.ts';

/** The field of a document that is looked at: Firestore cannot be asked for one of the pairs of a map, whatever its key. */
export function searchField(name: string, kind: Field['kind']): string {
  return kind === 'pairs' ? `${name}_texts` : name;
}

/** What a document is searched by besides its own fields: pairs, as texts. */
export function searchTexts(declared: Declared, document: object): Record<string, readonly string[]> {
  const said = document as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
  const pairs = searchable(declared).filter(([, { kind }]) => kind === 'pairs');
  return Object.fromEntries(
    pairs.map(([name, { kind }]) => {
      const texts = Object.entries(said[name] ?? {}).map(([key, value]) => pairText(key, value));
      return [searchField(name, kind), texts.filter(isIndexed)];
    }),
  );
}

/** A search as conditions for `pageOf`. */
export function searched(declared: Declared, search: object) {
  return Object.fromEntries(
    wantedBy(declared, search).map(({ name, kind, text }) => [
      searchField(name, kind),
      kind === 'text' ? text : { contains: text },
    ]),
  );
}
