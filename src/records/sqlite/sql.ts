import { encodeCursor, seqOf } from '../cursor.ts';
import type { Page, PageRequest } from '../records.ts';

export interface Row {
  readonly seq: number;
  readonly body: string;
}

/** The open database, as the queries see it. */
export interface Sql {
  /** Runs `work`; whatever it throws, but for a BadCursor, rejects as a StoreDown. */
  read<T>(doing: string, work: () => T): Promise<T>;
  /** The same in one transaction, which is on disk when the promise resolves. */
  write<T>(doing: string, work: () => T): Promise<T>;
  rows(query: string, ...values: readonly (string | number)[]): readonly Row[];
  /** How many rows it changed. */
  run(statement: string, ...values: readonly (string | number)[]): number;
}

export function documents<Document>(sql: Sql, query: string, ...values: readonly string[]): Document[] {
  return sql.rows(query, ...values).map(({ body }) => JSON.parse(body) as Document);
}

/** The one document that the query finds; undefined when there is none, or more than one. */
export function only<Document>(sql: Sql, query: string, ...values: readonly string[]): Document | undefined {
  const [first, second] = documents<Document>(sql, query, ...values);
  return second === undefined ? first : undefined;
}

/** One page of a table in the order of creation, or backwards. `where`: what columns are, by name; or conditions with a `?`. */
export function pageOf<Document>(
  sql: Sql,
  table: string,
  where: Readonly<Record<string, string | undefined>>,
  { limit, cursor }: PageRequest,
  order: 'ASC' | 'DESC' = 'ASC',
): Page<Document> {
  const start = order === 'ASC' ? 0 : Number.MAX_SAFE_INTEGER;
  const wanted = Object.entries(where).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, value }],
  );
  const conditions = [
    order === 'ASC' ? 'seq > ?' : 'seq < ?',
    ...wanted.map(({ column }) => (column.includes('?') ? column : `${column} = ?`)),
  ].join(' AND ');
  const rows = sql.rows(
    `SELECT seq, body FROM ${table} WHERE ${conditions} ORDER BY seq ${order} LIMIT ?`,
    cursor === undefined ? start : seqOf(cursor),
    ...wanted.map(({ value }) => value),
    limit + 1, // the row that tells whether there is a next page
  );
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ body }) => JSON.parse(body) as Document),
    ...(last && rows.length > limit && { next: encodeCursor(String(last.seq)) }),
  };
}
