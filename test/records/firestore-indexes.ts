/** A query as it goes to Firestore; only what the choice of an index depends on. */
export interface StructuredQuery {
  readonly from: readonly [{ readonly collectionId: string }];
  readonly where?: {
    readonly compositeFilter: {
      readonly filters: readonly {
        readonly fieldFilter: { readonly field: { readonly fieldPath: string }; readonly op: string };
      }[];
    };
  };
  readonly orderBy?: readonly {
    readonly field: { readonly fieldPath: string };
    readonly direction: string;
  }[];
}

/** A composite index, as Firebase's `firestore.indexes.json` has it. */
export interface Index {
  readonly collectionGroup: string;
  readonly queryScope: string;
  readonly fields: readonly { readonly fieldPath: string; readonly order: string }[];
}

/**
 * The equality filters of a query that no index serves; Firestore would refuse it, its emulator does not. Without an order, or
 * without filters, the indexes that each field has by itself do. Else each filter must stand in a composite index which
 * holds filters of the query alone and goes on with its order: Firestore merges such indexes
 * (https://cloud.google.com/firestore/docs/query-data/index-overview#taking_advantage_of_index_merging).
 */
export function missingIndexes(query: StructuredQuery, indexes: readonly Index[]): string[] {
  const filters = query.where?.compositeFilter.filters.map(({ fieldFilter }) => fieldFilter) ?? [];
  const strange = filters.filter(({ op }) => op !== 'EQUAL' && op !== 'ARRAY_CONTAINS');
  if (strange.length > 0) throw new Error(`this test does not know what indexes ${strange[0]?.op} needs`);
  const wanted = filters.map(({ field }) => field.fieldPath);
  // Every index ends with the name, in the direction of the field before it.
  const order = (query.orderBy ?? []).filter(({ field }) => field.fieldPath !== '__name__');
  if (order.length === 0) return [];
  const suffix = order.map(({ field, direction }) => `${field.fieldPath} ${direction}`).join();
  const served = indexes
    .filter(({ collectionGroup }) => collectionGroup === query.from[0].collectionId)
    .flatMap(({ fields }) => {
      const prefix = fields.slice(0, fields.length - order.length).map(({ fieldPath }) => fieldPath);
      const rest = fields.slice(prefix.length).map((field) => `${field.fieldPath} ${field.order}`);
      return rest.join() === suffix && prefix.every((field) => wanted.includes(field)) ? prefix : [];
    });
  return wanted.filter((field) => !served.includes(field));
}

/** Whether the query would be refused without that one index. */
export function needsIndex(query: StructuredQuery, indexes: readonly Index[], one: Index): boolean {
  const others = indexes.filter((index) => index !== one);
  return missingIndexes(query, others).length > 0;
}
