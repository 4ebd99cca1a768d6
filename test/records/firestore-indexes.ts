interface FieldFilter {
  readonly field: { readonly fieldPath: string };
  readonly op: number;
}
interface Filter {
  readonly fieldFilter?: FieldFilter;
  readonly compositeFilter?: { readonly filters: readonly Filter[] };
}

/** A query as it goes to Firestore, its enumerations by number; only what the choice of an index depends on. */
export interface StructuredQuery {
  readonly from: readonly [{ readonly collectionId: string }];
  readonly where?: Filter;
  readonly orderBy?: readonly {
    readonly field: { readonly fieldPath: string };
    readonly direction: number;
  }[];
}

/** `google.firestore.v1.StructuredQuery.FieldFilter.Operator` and `.Direction`. */
const operators: Readonly<Record<number, string>> = { 3: 'GREATER_THAN', 5: 'EQUAL', 7: 'ARRAY_CONTAINS' };
const directions: Readonly<Record<number, string>> = { 1: 'ASCENDING', 2: 'DESCENDING' };

/** What the query filters by. */
export function filtersOf({ where }: Pick<StructuredQuery, 'where'>): { field: string; op: string }[] {
  if (where?.compositeFilter)
    return where.compositeFilter.filters.flatMap((part) => filtersOf({ where: part }));
  const { field, op = 0 } = where?.fieldFilter ?? {};
  return field ? [{ field: field.fieldPath, op: operators[op] ?? String(op) }] : [];
}

/** What it is ordered by, but for the document's name, with which every index ends, in the direction of the field before it. */
export function orderOf({ orderBy = [] }: StructuredQuery): { field: string; direction: string }[] {
  return orderBy
    .map(({ field, direction }) => ({ field: field.fieldPath, direction: directions[direction] ?? '' }))
    .filter(({ field }) => field !== '__name__');
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
  const order = orderOf(query);
  const ranged = (op: string) => op === 'GREATER_THAN';
  const filters = filtersOf(query).filter(({ field, op }) => !(ranged(op) && field === order[0]?.field));
  const strange = filters.filter(({ op }) => op !== 'EQUAL' && op !== 'ARRAY_CONTAINS');
  if (strange.length > 0) throw new Error(`this test does not know what indexes ${strange[0]?.op} needs`);
  const wanted = filters.map(({ field }) => field);
  if (order.length === 0) return [];
  const suffix = order.map(({ field, direction }) => `${field} ${direction}`).join();
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

/** The indexes of one field each that the query needs, besides composite ones: `COLLECTION.FIELD ASCENDING`. */
export function singleIndexes(query: StructuredQuery): string[] {
  const name = (field: string, index: string) => `${query.from[0].collectionId}.${field} ${index}`;
  const [order] = orderOf(query);
  const filters = filtersOf(query);
  if (!order) return filters.map(({ field, op }) => name(field, op === 'EQUAL' ? 'ASCENDING' : 'CONTAINS'));
  return filters.every(({ field }) => field === order.field) ? [name(order.field, order.direction)] : [];
}
