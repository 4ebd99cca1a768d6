import { join } from 'node:path';
import type { Records } from '../records/records.ts';
import { openSqlite } from '../records/sqlite/sqlite.ts';
import { failed, type Outcome, passed } from './finding.ts';

/** Opens the records as the broker does, beside it if it runs. Finds how. */
export async function checkSqlite(dataDir: string): Promise<Outcome<() => Records>> {
  const file = join(dataDir, 'records.db');
  const open = () => openSqlite(file);
  try {
    const records = open();
    try {
      await records.ping();
      await records.write([]); // takes the lock for writing
    } finally {
      await records.close();
    }
  } catch (error) {
    return failed(
      `${(error as Error).message}; see that ${file} and its folder (BROKER_DATA_DIR) are the broker's own and have room`,
    );
  }
  return passed('SQLite can be read and written', open);
}
