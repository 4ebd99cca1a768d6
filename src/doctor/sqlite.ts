import { join } from 'node:path';
import type { ProfileRevision } from '../boot/profile.ts';
import { openSqlite } from '../records/sqlite.ts';
import { failed, type Outcome, passed } from './finding.ts';

const nothing: ProfileRevision = {
  id: 'bootbroker-doctor',
  name: 'bootbroker-doctor',
  arch: 'x86_64',
  initrds: [],
  cmdline: '',
  metadata: {},
  created_at: '1970-01-01T00:00:00Z',
};

/** Opens the records as the broker does, beside it if it runs. */
export async function checkSqlite(dataDir: string): Promise<Outcome<never>> {
  const file = join(dataDir, 'records.db');
  try {
    const records = openSqlite(file);
    try {
      await records.ping();
      // A transaction that takes the lock for writing and then finds nothing to write.
      await records.createProfile(nothing, { machine_id: nothing.id, at: nothing.created_at });
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
