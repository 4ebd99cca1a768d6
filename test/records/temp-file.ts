import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** The path of a database that is not there yet, in a folder that goes with the test. */
export async function tempFile(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-records-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'data', 'records.db');
}
