import { type Fields, type Wanted, wantedBy } from '../../boot/fields/field.ts';

/** A search as conditions for `pageOf`. Texts have columns; what a document lists is looked for in the document. */
export function searched(fields: Fields, search: object): Readonly<Record<string, string>> {
  return Object.fromEntries(wantedBy(fields, search).map((wanted) => [condition(wanted), wanted.text]));
}

function condition({ name, kind }: Wanted): string {
  if (kind === 'pairs')
    return `EXISTS (SELECT 1 FROM json_each(body, '$.${name}') WHERE key || '=' || value = ?)`;
  if (kind === 'list') return `EXISTS (SELECT 1 FROM json_each(body, '$.${name}') WHERE value = ?)`;
  return name;
}
