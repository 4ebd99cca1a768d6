import { createInterface } from 'node:readline';
import { StoreDown } from '../../src/boot/store-down.ts';
import { cachedRecords } from '../../src/records/cached/cached.ts';
import { openFirestore } from '../../src/records/firestore/firestore.ts';
import type { Call } from '../../src/records/firestore/transport.ts';
import type { Boot } from './booter.ts';

// Run as a process of its own: `booting.ts HOST:PORT PROJECT MAC`. Boots the machine for each line that it is sent, as the
// boot plane does: through the cache, with the usual deadlines.
const [emulatorHost = '', project = '', mac = ''] = process.argv.slice(2);
let calls: string[] = [];
const onCall = ({ method, body }: Call) => {
  const { structuredQuery } = body as { structuredQuery?: { from: [{ collectionId: string }] } };
  calls.push(`${method} ${structuredQuery?.from[0].collectionId ?? ''}`.trim());
};
const store = openFirestore({ project, emulatorHost, onCall });
const silences: string[] = [];
const records = cachedRecords(store, {
  clock: () => new Date(),
  changes: store.changes,
  onSilence: ({ message }) => silences.push(message),
  onStale: ({ error }) => silences.push(error.message),
});

/** A machine that is told 503 comes back: on a busy machine the emulator takes longer than anybody waits. */
async function boot(): Promise<Boot> {
  for (;;) {
    calls = [];
    const at = Date.now();
    try {
      const machine = await records.findMachine({ mac });
      const profile = await records.profile(machine?.active ?? '');
      return { at, took: Date.now() - at, revision: profile?.id, calls, silences };
    } catch (error) {
      if (!(error instanceof StoreDown)) throw error;
    }
  }
}

for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(await boot()));
await records.close();
