import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StoreDown } from '../../boot/store-down.ts';
import { makeFolder } from '../../folder.ts';
import { BadCursor } from '../cursor.ts';
import type { Row, Sql } from './sql.ts';

/** How long a write waits for another process's. The wait holds up this whole thread, so it is short; a write takes milliseconds. */
const busyTimeoutMs = 2000;

/**
 * Opens a database to write, which several processes may have open at once, and takes its schema to the newest step. The file
 * and its folder are made when they are not there, for the owner alone. `timeout`: ms that a write waits for another's. Throws where that cannot be, or it is a newer version's.
 */
export function openDatabase(file: string, steps: readonly string[], timeout = busyTimeoutMs): DatabaseSync {
  makeFolder(dirname(file));
  // SQLite gives the log beside the file the file's own mode, and would itself make all of them readable to everybody.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout });
  try {
    // FULL syncs the log at every commit; WAL's usual NORMAL may lose the last ones with the power.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    migrate(database, steps);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** Takes the schema to the newest step, each step in a transaction of its own. Processes that start together take turns. */
export function migrate(database: DatabaseSync, steps: readonly string[]): void {
  let version = 0;
  do {
    version = inTransaction(database, () => {
      const current = Number(database.prepare('PRAGMA user_version').get()?.user_version);
      if (current > steps.length)
        throw new Error(
          `a newer version wrote it (schema ${current}, this one knows ${steps.length}); ` +
            'run that version, or restore a copy from before it',
        );
      const step = steps[current];
      if (step === undefined) return current;
      database.exec(`${step}; PRAGMA user_version = ${current + 1}`);
      return current + 1;
    });
  } while (version < steps.length);
}

export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

/** The database as the queries see it; each statement is prepared once. */
export function sqlOn(database: DatabaseSync): Sql {
  const prepared = new Map<string, StatementSync>();
  const statement = (text: string) => {
    const kept = prepared.get(text) ?? database.prepare(text);
    prepared.set(text, kept);
    return kept;
  };
  return {
    read: async (doing, work) => faultsAsStoreDown(doing, work),
    write: async (doing, work) => faultsAsStoreDown(doing, () => inTransaction(database, work)),
    rows: (query, ...values) => statement(query).all(...values) as unknown as Row[],
    run: (text, ...values) => Number(statement(text).run(...values).changes),
  };
}

export function faultsAsStoreDown<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof BadCursor || cause instanceof StoreDown
      ? cause
      : new StoreDown('records', doing, cause);
  }
}
