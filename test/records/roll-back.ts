import { openFirestore } from '../../src/records/firestore/firestore.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { at, newId } from './examples.ts';
import { createProfile } from './writing.ts';

// Run as a process of its own: `roll-back.ts MACHINE REVISION sqlite FILE` or `... firestore HOST:PORT PROJECT`.
const [machine_id = '', earlier = '', driver = '', where = '', project = ''] = process.argv.slice(2);
const deadlines = { readMs: 60_000, writeMs: 60_000 };
const records =
  driver === 'sqlite' ? openSqlite(where) : openFirestore({ project, emulatorHost: where, deadlines });
const revision = await records.profile(earlier);
if (!revision) throw new Error(`there is no revision ${earlier}`);
const again = { ...revision, id: newId() };
await createProfile(records, again, { machine_id, at: at(1) });
await records.close();
console.log(again.id);
