import { BadCursor, decodeCursor, encodeCursor } from '../cursor.ts';
import type { Page, PageRequest } from '../records.ts';
import { type Collection, type Documents, type Found, isDocumentId } from './documents.ts';

/** One page of a collection in the order of creation, or the other way round, of the documents whose fields are as `where` has them, or contain it. */
export async function pageOf<Document>(
  documents: Documents,
  from: Collection,
  where: Readonly<Record<string, string | { readonly contains: string } | undefined>>,
  { limit, cursor }: PageRequest,
  order: 'ASCENDING' | 'DESCENDING' = 'ASCENDING',
): Promise<Page<Document>> {
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
    items: shown.map(({ body }) => JSON.parse(body) as Document),
    ...(last && found.length > limit && { next: encodeCursor(`${last.addedAt} ${last.place[1]}`) }),
  };
}

function condition(field: string, value: string | { readonly contains: string }) {
  return typeof value === 'string'
    ? { field, op: 'EQUAL' as const, value }
    : { field, op: 'ARRAY_CONTAINS' as const, value: value.contains };
}

function placeOf(collection: Collection, cursor: string): Pick<Found, 'place' | 'addedAt'> {
  const [, addedAt = '', id = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) (.+)$/s.exec(decodeCursor(cursor) ?? '') ?? [];
  if (Number.isNaN(Date.parse(addedAt)) || !isDocumentId(id)) throw new BadCursor();
  return { addedAt, place: [collection, id] };
}
