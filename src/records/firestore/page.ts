import { BadCursor, decodeCursor, encodeCursor } from '../cursor.ts';
import type { Page, PageRequest } from '../records.ts';
import { type Collection, type Documents, type Found, isDocumentId } from './documents.ts';
import { timestampOf } from './time.ts';

/** One page of a collection in the order of creation, or the other way round, of the documents whose fields are as `where` has them, or contain it. */
export async function pageOf<Item>(
  documents: Documents,
  from: Collection,
  where: Readonly<Record<string, string | { readonly contains: string } | undefined>>,
  { limit, cursor }: PageRequest,
  order: 'ASCENDING' | 'DESCENDING' = 'ASCENDING',
): Promise<Page<Item>> {
  const found = await documents.query({
    from,
    where: Object.entries(where).flatMap(([field, value]) =>
      value === undefined ? [] : [condition(field, value)],
    ),
    order,
    ...(cursor !== undefined && { after: placeOf(from, cursor) }),
    limit: limit + 1, // the document that tells whether there is a next page
  });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ document }) => document as Item),
    ...(last && found.length > limit && { next: encodeCursor(`${last.addedAt} ${last.place[1]}`) }),
  };
}

function condition(field: string, value: string | { readonly contains: string }) {
  return typeof value === 'string'
    ? { field, op: 'EQUAL' as const, value }
    : { field, op: 'ARRAY_CONTAINS' as const, value: value.contains };
}

function placeOf(collection: Collection, cursor: string): Pick<Found, 'place' | 'addedAt'> {
  const [, addedAt = '', id = ''] = /^(\S+) (.+)$/s.exec(decodeCursor(cursor) ?? '') ?? [];
  if (!timestampOf(addedAt) || !isDocumentId(id)) throw new BadCursor();
  return { addedAt, place: [collection, id] };
}
