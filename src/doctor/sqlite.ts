import { join } from 'node:path';
import { openSqlite } from '../records/sqlite/sqlite.ts';
import { failed, type Outcome, passed } from './finding.ts';

/** Opens the records as the broker does, beside it if it runs. */
export async function checkSqlite(dataDir: string): Promise<Outcome<never>> {
  const file = join(dataDir, 'records.db');
  try {
    const records = openSqlite(file);
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
  return passed('SQLite can be read and written');
}
