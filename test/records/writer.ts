import { writeSync } from 'node:fs';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { asset, at, bootEvent, machine, macOf, revision } from './examples.ts';
import { createAsset, createMachine, createProfile } from './writing.ts';

// Run as a process of its own: `writer.ts FILE COUNT`. Creates COUNT machines with the MACs 0, 1, 2, ... and what belongs
// to each, and says so line by line, each only when the store has said that it is done.
const [file = '', count = ''] = process.argv.slice(2);
const records = openSqlite(file);
const say = (what: string, id: string) => writeSync(1, `${what} ${id}\n`);

for (let n = 0; n < Number(count); n += 1) {
  const created = machine({ macs: [macOf(n)] });
  if ((await createMachine(records, created)) !== 'written') {
    say('taken', macOf(n));
    continue;
  }
  say('machine', created.id);
  const booted = revision();
  await createProfile(records, booted, { machine_id: created.id, at: at(n) });
  say('profile', booted.id);
  say('active', created.id);
  const announced = asset({ version: created.id });
  await createAsset(records, announced);
  say('asset', announced.id);
  say('upload', announced.upload_id);
  const event = bootEvent({ machine_id: created.id });
  await records.addBootEvent(event);
  say('event', created.id);
}
await records.close();
