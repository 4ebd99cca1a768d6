import test from 'ava';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { recordsContract } from './contract.ts';
import { tempFile } from './temp-file.ts';

recordsContract(test, async (t) => {
  const records = openSqlite(await tempFile(t));
  t.teardown(() => records.close());
  return records;
});
