import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { seqOf } from '../../cursor.ts';
import type { Page, PageRequest } from '../../records.ts';
import { faultsAsStoreDown, sqlOn } from '../database.ts';
import type { Sql } from '../sql.ts';
import type { BootsWriter } from './writer.ts';

/** `boots.db`, open to read. */
export interface BootsReader {
  /** What `work` finds; or `none`, where nothing was ever written. Whatever is thrown rejects as a StoreDown. */
  read<T>(doing: string, none: () => T, work: (sql: Sql) => T): Promise<T>;
  close(): void;
}

/** What versions before 0.2 kept in the records, and their writer moves to `boots.db`. */
const left = `SELECT seq, body FROM boot_events UNION ALL SELECT seq, body FROM pending LIMIT 1`;

export function openBootsReader(writer: BootsWriter, records: Sql): BootsReader {
  let open: { readonly database: DatabaseSync; readonly sql: Sql } | undefined;
  let carriedOver: Promise<unknown> | undefined;
  let closed = false;

  /** What earlier versions kept must be there before anything is read. Tried again where it failed. */
  const allThere = () => {
    carriedOver ??= records
      .read('looking for boots of earlier versions', () =>
        records.rows(left).length > 0 ? writer.ready() : undefined,
      )
      .catch((error: unknown) => {
        carriedOver = undefined;
        throw error;
      });
    return carriedOver;
  };

  const opened = (): Sql | undefined => {
    if (closed) throw new Error('the records are closed');
    if (!open && existsSync(writer.file)) {
      const database = new DatabaseSync(writer.file, { readOnly: true, timeout: 1000 });
      // The thread has made the file, and no table in it yet.
      if (database.prepare('PRAGMA user_version').get()?.user_version === 0) database.close();
      else open = { database, sql: sqlOn(database) };
    }
    return open?.sql;
  };

  return {
    async read(doing, none, work) {
      await allThere();
      return faultsAsStoreDown(doing, () => {
        const sql = opened();
        return sql ? work(sql) : none();
      });
    },
    close() {
      closed = true;
      if (open?.database.isOpen) open.database.close();
    },
  };
}

/** Before anything was written no list has returned a cursor. */
export function emptyPage({ cursor }: PageRequest): Page<never> {
  if (cursor !== undefined) seqOf(cursor);
  return { items: [] };
}
