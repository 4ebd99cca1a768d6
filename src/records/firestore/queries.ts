import {
  type DocumentReference,
  type DocumentSnapshot,
  FieldPath,
  FieldValue,
  type Query as LibraryQuery,
  type Timestamp,
} from '@google-cloud/firestore';
import type { Client } from './client.ts';
import {
  type Collection,
  type Content,
  type Documents,
  type Found,
  isDocumentId,
  isIndexed,
  type Place,
  type Query,
  type Write,
} from './documents.ts';
import { fromNative, toNative } from './native.ts';
import { textOf, timestampOf } from './time.ts';

/** Documents by Google's library, each call within its own signal. */
export function documentsIn(client: Client): (signal: () => AbortSignal) => Documents {
  const { firestore } = client;
  const at = ([collection, id]: Place) => firestore.collection(collection).doc(id);

  const asked = ({ from, where = [], order, by = 'added_at', after, since, limit }: Query): LibraryQuery => {
    let query: LibraryQuery = firestore.collection(from);
    for (const { field, op, value } of where)
      query = query.where(field, op === 'EQUAL' ? '==' : 'array-contains', value);
    if (since) query = query.where('added_at', '>', timestampOf(since));
    const direction = order === 'DESCENDING' ? 'desc' : 'asc';
    if (order) query = query.orderBy(by, direction).orderBy(FieldPath.documentId(), direction);
    if (after) query = query.startAfter(timestampOf(after.addedAt), after.place[1]);
    return limit === undefined ? query : query.limit(limit);
  };

  const answered = async (query: Query, signal: AbortSignal) => {
    const { docs, readTime } = await client.within(signal, () => asked(query).get());
    return { found: docs.flatMap((snapshot) => foundIn(snapshot) ?? []), readTime: textOf(readTime) };
  };

  return (signal) => ({
    async get(...places) {
      const known = new Map(
        places.filter(([, id]) => isDocumentId(id)).map((place) => [place.join('/'), place]),
      );
      if (known.size === 0) return places.map(() => undefined);
      const snapshots = await client.within(signal(), () => firestore.getAll(...[...known.values()].map(at)));
      const found = new Map(snapshots.map((snapshot) => [snapshot.ref.path, foundIn(snapshot)]));
      return places.map((place) => found.get(place.join('/')));
    },
    async query(query) {
      if (query.where?.some(({ value }) => !isIndexed(value))) return [];
      return (await answered(query, signal())).found;
    },
    queryAt: (query) => answered(query, signal()),
    async commit(...writes) {
      const batch = firestore.batch();
      for (const write of writes) add(batch, write, at);
      await client.within(signal(), () => batch.commit());
    },
  });
}

function foundIn(snapshot: DocumentSnapshot): Found | undefined {
  const fields = snapshot.data();
  if (!fields || !snapshot.updateTime) return undefined;
  const [collection, id = ''] = snapshot.ref.path.split('/') as [Collection, string];
  const addedAt: Timestamp | undefined = fields.added_at;
  return {
    place: [collection, id],
    document: fromNative(collection, fields),
    addedAt: addedAt ? textOf(addedAt) : '',
    updateTime: textOf(snapshot.updateTime),
  };
}

function add(
  batch: ReturnType<Client['firestore']['batch']>,
  write: Write,
  at: (place: Place) => DocumentReference,
): void {
  if (write.kind === 'create') {
    const { place, content } = write;
    batch.create(at(place), { ...fieldsOf(place, content), added_at: FieldValue.serverTimestamp() });
    return;
  }
  const { place, document, updateTime } = write.found;
  const lastUpdateTime = timestampOf(updateTime);
  if (!lastUpdateTime) throw new TypeError(`${updateTime} is no time`);
  if (write.kind === 'delete') {
    batch.delete(at(place), { lastUpdateTime });
    return;
  }
  const fields = fieldsOf(place, write.content);
  const gone = Object.keys(document).filter((key) => !(key in fields));
  const without = Object.fromEntries(gone.map((key) => [key, FieldValue.delete()]));
  batch.update(at(place), { ...without, ...fields }, { lastUpdateTime });
}

function fieldsOf([collection]: Place, { document, texts, expire_at }: Content) {
  return { ...toNative(collection, document), ...texts, ...(expire_at && { expire_at }) };
}
