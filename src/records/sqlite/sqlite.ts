import { dirname, join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Fields } from '../../boot/fields/field.ts';
import type { ChangeFeed } from '../changes.ts';
import type { OnAudited, Records } from '../records.ts';
import { adminRecords } from './admin.ts';
import { assetRecords } from './assets.ts';
import { bootRecords } from './boots/boots.ts';
import { pendingRecords } from './boots/pending.ts';
import { openBootsReader } from './boots/reader.ts';
import { diskOf, isFull } from './boots/room.ts';
import { openBootsWriter } from './boots/writer.ts';
import { sqliteChanges } from './changes.ts';
import { faultsAsStoreDown, inTransaction, openDatabase, sqlOn } from './database.ts';
import { machineRecords } from './machines.ts';
import { migrations } from './migrations.ts';
import { ruleRecords } from './rules.ts';
import { missingColumns, searchedTables } from './search-columns.ts';
import { writes } from './write.ts';

export interface SqliteOptions {
  /** Days that boots are kept. */
  readonly bootsKeepDays?: number;
  /** Called when the disk has no room for boots any more, and when it has again. */
  readonly onDisk?: (state: 'ok' | 'full') => void;
  /** Hears how many writes about boots were brought to the disk together. */
  readonly onCommit?: (writes: number) => void;
  readonly onAudited?: OnAudited;
  /** Hears of each question for a machine's last boot whether it was known without the file. */
  readonly onRead?: (read: string, result: 'hit' | 'miss') => void;
}

export interface SqliteRecords extends Records {
  readonly changes: ChangeFeed;
}

/**
 * Records in a SQLite file, and what machines do in `boots.db` beside it: administrators and jobs alone write the one, and a
 * thread of its own the other. Throws StoreDown when the file cannot be opened or is a newer version's.
 */
export function openSqlite(
  path: string,
  { bootsKeepDays = 90, onDisk, onCommit, onAudited, onRead }: SqliteOptions = {},
): SqliteRecords {
  const file = resolve(path);
  const database = faultsAsStoreDown(`opening ${file}`, () => open(file));
  const sql = sqlOn(database);
  const writer = openBootsWriter({
    file: join(dirname(file), 'boots.db'),
    records: file,
    keepDays: bootsKeepDays,
    ...(onDisk && { onDisk }),
    ...(onCommit && { onCommit }),
  });
  const reader = openBootsReader(writer, sql);
  return {
    changes: sqliteChanges(database),
    ping: () => sql.read('ping', () => void sql.rows('SELECT seq, body FROM machines LIMIT 1')),
    disk: async () => (isFull(await diskOf(file)) ? 'full' : 'ok'),
    async close() {
      reader.close(); // first: who writes takes the log over when it is the last
      await writer.close();
      await sql.read('closing', () => void (database.isOpen && database.close()));
    },
    ...writes(sql, writer, onAudited),
    ...machineRecords(sql),
    ...ruleRecords(sql),
    ...adminRecords(sql),
    ...assetRecords(sql),
    ...bootRecords(writer, reader, onRead),
    ...pendingRecords(writer, reader),
  };
}

function open(file: string): DatabaseSync {
  const database = openDatabase(file, migrations);
  try {
    addColumns(database, searchedTables);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** Makes all searchable that is declared so. Mostly that is so already, and reading says it; else processes take turns. */
export function addColumns(database: DatabaseSync, tables: Readonly<Record<string, Fields>>): void {
  const columns = database.prepare('SELECT name FROM pragma_table_xinfo(?)');
  const missing = () => missingColumns(tables, (table) => columns.all(table).map(({ name }) => String(name)));
  if (missing() !== '') inTransaction(database, () => database.exec(missing()));
}
