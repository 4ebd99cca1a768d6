import {
  type Collection,
  type Documents,
  type Fields,
  type Found,
  isDocumentId,
  isIndexed,
  type Place,
  type Query,
  type Value,
  type Write,
} from './documents.ts';
import { Fault } from './fault.ts';
import type { Rest } from './rest.ts';

/** A value as Firestore's REST API has it (https://cloud.google.com/firestore/docs/reference/rest/v1/Value). */
interface WireValue {
  readonly stringValue?: string;
  readonly timestampValue?: string;
  readonly arrayValue?: { readonly values: readonly WireValue[] };
}

interface WireDocument {
  readonly name: string;
  readonly fields: Readonly<Record<string, WireValue>>;
  readonly updateTime: string;
}

const silent = () => new Fault('UNAVAILABLE', 'Firestore answered without saying what is there');

/** Documents by the REST API, each call within its own signal. */
export function documentsAt(rest: Rest): (signal: () => AbortSignal) => Documents {
  const nameOf = ([collection, id]: Place) => `${rest.root}/${collection}/${id}`;
  const wireFields = (fields: Fields) =>
    Object.fromEntries(
      Object.entries(fields).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, wireValue(value)]],
      ),
    );

  const found = ({ name, fields, updateTime }: WireDocument): Found => {
    const [collection, id = ''] = name.slice(rest.root.length + 1).split('/');
    return {
      place: [collection as Collection, id],
      body: fields.body?.stringValue ?? '',
      addedAt: fields.added_at?.timestampValue ?? '',
      updateTime,
    };
  };

  const wireWrite = (write: Write) => {
    if (write.kind === 'delete') {
      const { place, updateTime } = write.found;
      return { delete: nameOf(place), currentDocument: { updateTime } };
    }
    const fields = wireFields(write.fields);
    switch (write.kind) {
      case 'create':
        return {
          update: { name: nameOf(write.place), fields },
          updateTransforms: [{ fieldPath: 'added_at', setToServerValue: 'REQUEST_TIME' }],
          currentDocument: { exists: false },
        };
      case 'change':
        return {
          update: { name: nameOf(write.found.place), fields },
          updateMask: { fieldPaths: Object.keys(write.fields) },
          currentDocument: { updateTime: write.found.updateTime },
        };
      default:
        return write satisfies never;
    }
  };

  const structured = ({ from, where = [], order, by = 'added_at', after, limit }: Query) => ({
    from: [{ collectionId: from }],
    ...(where.length > 0 && {
      where: {
        compositeFilter: {
          op: 'AND',
          filters: where.map(({ field, op, value }) => ({
            fieldFilter: { field: { fieldPath: field }, op, value: wireValue(value) },
          })),
        },
      },
    }),
    ...(order && {
      orderBy: [by, '__name__'].map((fieldPath) => ({ field: { fieldPath }, direction: order })),
    }),
    ...(after && {
      startAt: {
        values: [{ timestampValue: after.addedAt }, { referenceValue: nameOf(after.place) }],
        before: false,
      },
    }),
    ...(limit && { limit }),
  });

  return (signal) => ({
    async get(...places) {
      const documents = [...new Set(places.filter(([, id]) => isDocumentId(id)).map(nameOf))];
      if (documents.length === 0) return places.map(() => undefined);
      const answer = await rest.post<{ found?: WireDocument; missing?: string }[]>(
        'batchGet',
        { documents },
        signal(),
      );
      const byName = new Map(answer.map((part) => [part.found?.name ?? part.missing, part.found]));
      // Only what Firestore says is missing is: silence is a fault.
      if (!documents.every((name) => byName.has(name))) throw silent();
      return places.map((place) => {
        const document = byName.get(nameOf(place));
        return document && found(document);
      });
    },
    async query(query) {
      if (query.where?.some(({ value }) => !isIndexed(value))) return [];
      const body = { structuredQuery: structured(query) };
      const answer = await rest.post<{ document?: WireDocument; readTime?: string }[]>(
        'runQuery',
        body,
        signal(),
      );
      if (!answer.some(({ readTime }) => readTime)) throw silent();
      return answer.flatMap(({ document }) => (document ? [found(document)] : []));
    },
    async commit(...writes) {
      await rest.post('commit', { writes: writes.map(wireWrite) }, signal());
    },
  });
}

function wireValue(value: Value): WireValue {
  if (typeof value === 'string') return { stringValue: value };
  if (value instanceof Date) return { timestampValue: value.toISOString() };
  return { arrayValue: { values: value.map(wireValue) } };
}
