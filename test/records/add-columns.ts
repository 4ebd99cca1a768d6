import { DatabaseSync } from 'node:sqlite';
import { addColumns } from '../../src/records/sqlite/sqlite.ts';

/** A process that opens the file as a version would that searches machines by their rack, too. */
const [, , file = ''] = process.argv;
const database = new DatabaseSync(file, { timeout: 10_000 });
addColumns(database, {
  machines: { rack: { kind: 'text', flag: 'rack', search: 'only those in this rack' } },
});
database.close();
