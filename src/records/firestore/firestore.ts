import type { Records } from '../records.ts';
import { adminRecords } from './admin.ts';
import { assetRecords } from './assets.ts';
import { bootRecords } from './boots.ts';
import { machineRecords } from './machines.ts';
import { pendingRecords } from './pending.ts';
import { openRest, type RestOptions } from './rest.ts';
import { ruleRecords } from './rules.ts';
import { type Deadlines, openStore } from './store.ts';
import { documentsAt } from './wire.ts';
import { writes } from './write.ts';

/** For everything that one call of `Records` does, retries included: a boot must not hang, and firmware waits 5 s for a first byte. */
const usualDeadlines: Deadlines = { readMs: 3000, writeMs: 8000 };

export interface FirestoreOptions extends RestOptions {
  readonly deadlines?: Deadlines;
}

/**
 * Records in a Firestore database (native mode), by Google's REST API over undici. Opening asks nobody: a database that
 * cannot be reached, or may not be used, shows in the first call, and the message names the role or setting.
 */
export function openFirestore(options: FirestoreOptions): Records {
  const rest = openRest(options);
  const store = openStore(documentsAt(rest), options.deadlines ?? usualDeadlines);
  return {
    ping: () => store.read('ping', async (documents) => void (await documents.get(['machines', 'ping']))),
    close: () => rest.close(),
    ...writes(store),
    ...machineRecords(store),
    ...ruleRecords(store),
    ...adminRecords(store),
    ...assetRecords(store),
    ...bootRecords(store),
    ...pendingRecords(store),
  };
}
