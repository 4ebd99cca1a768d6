import { writeSync } from 'node:fs';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { asset, at, bootEntry, machine, macOf, revision } from './examples.ts';
import { createAsset, createMachine, createProfile } from './writing.ts';

// Run as a process of its own: `writer.ts FILE COUNT`. Creates COUNT machines with the MACs 0, 1, 2, ... and what belongs
// to each, and says so line by line, each only when the store has said that it is done.
const [file = '', count = ''] = process.argv.slice(2);
const records = openSqlite(file);

/** Standard output is a pipe that does not block, once the store has started a thread. */
function say(what: string, id: string): void {
  for (let left = Buffer.from(`${what} ${id}\n`); left.length > 0; ) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

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
  await records.addBootEntry(bootEntry({ machine_id: created.id }));
  say('boot', created.id);
}
await records.close();
