import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * Opens the index; with synchronous=FULL a transaction is on the disk when COMMIT returns. Locked for as long
 * as it is open, because a second process would take this one's unfinished uploads for orphans.
 */
export function openDatabase(path: string): DatabaseSync {
  // The ids of upload sessions are in it, which open those uploads to whoever can read them.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      BEGIN IMMEDIATE;
      ${schema}
      COMMIT;
    `);
    reserve(database);
  } catch (error) {
    database.close();
    if (!(error instanceof Error) || !/locked/.test(error.message)) throw error;
    throw new Error(`${path} is in use by another process: stop it, or use another directory`, {
      cause: error,
    });
  }
  return database;
}

/**
 * Makes the database and its log grow now, and leaves that room free in both: what is deleted from a full disk
 * has to be written down first.
 */
function reserve(database: DatabaseSync): void {
  try {
    database.exec(`
      INSERT INTO reserve VALUES (zeroblob(262144));
      DELETE FROM reserve;
      PRAGMA wal_checkpoint(RESTART);
    `);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

/** All or nothing, on the disk when it returns. On a full disk the log starts anew, in the room that it has. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  try {
    return attempt(database, work);
  } catch (error) {
    if (!isFull(error)) throw error;
    database.exec('PRAGMA wal_checkpoint(RESTART)');
    return attempt(database, work);
  }
}

function attempt<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** SQLITE_FULL, https://www.sqlite.org/rescode.html#full */
export const isFull = (error: unknown) => (error as { errcode?: number } | undefined)?.errcode === 13;

/** Times are Unix milliseconds, generations microseconds. */
const schema = `
  CREATE TABLE IF NOT EXISTS reserve (room BLOB) STRICT;
  CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS generations (last INTEGER NOT NULL) STRICT;
  INSERT INTO generations SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM generations);
  CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, name TEXT NOT NULL,
    generation INTEGER NOT NULL, metageneration INTEGER NOT NULL,
    file TEXT NOT NULL, size INTEGER NOT NULL, crc32c TEXT NOT NULL,
    md5 TEXT, components INTEGER,
    attributes TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    PRIMARY KEY (bucket, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, start TEXT NOT NULL, file TEXT NOT NULL,
    persisted INTEGER NOT NULL, created INTEGER NOT NULL, object TEXT
  ) STRICT, WITHOUT ROWID;
`;
