import type { DatabaseSync } from 'node:sqlite';
import type { ChangeFeed } from '../changes.ts';
import { faultsAsStoreDown } from './database.ts';

/**
 * Tells whether another process has written, not what: SQLite counts the commits that other connections made
 * (https://sqlite.org/pragma.html#pragma_data_version), and to ask it reads no disk. It tells nothing by itself.
 */
export function sqliteChanges(database: DatabaseSync): ChangeFeed {
  const version = database.prepare('PRAGMA data_version');
  return {
    async since(mark) {
      const now = faultsAsStoreDown('looking for changes', () => String(version.get()?.data_version));
      return { changes: now === mark ? [] : 'lost', mark: now };
    },
    listen: () => {},
  };
}
