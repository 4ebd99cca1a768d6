import type { ChangeFeed } from '../changes.ts';
import type { OnAudited, Records } from '../records.ts';
import { adminRecords } from './admin.ts';
import { assetRecords } from './assets.ts';
import { bootRecords } from './boots.ts';
import { openChanges } from './changes.ts';
import { type ClientOptions, openClient } from './client.ts';
import { machineRecords } from './machines.ts';
import { pendingRecords } from './pending.ts';
import { documentsIn } from './queries.ts';
import { ruleRecords } from './rules.ts';
import { type Deadlines, openStore } from './store.ts';
import { writes } from './write.ts';

/** For everything that one call of `Records` does, retries included: a boot must not hang, and firmware waits 5 s for a first byte. */
const usualDeadlines: Deadlines = { readMs: 3000, writeMs: 8000 };

export interface FirestoreOptions extends ClientOptions {
  readonly deadlines?: Deadlines;
  /** Days that boots are kept. Default 90. */
  readonly bootsKeepDays?: number;
  readonly onAudited?: OnAudited;
}

export interface FirestoreRecords extends Records {
  /** What other processes change. */
  readonly changes: ChangeFeed;
}

/**
 * Records in a Firestore database (native mode), by Google's library. Opening asks nobody: a database that cannot be
 * reached, or may not be used, shows in the first call, and the message names the role or setting.
 */
export function openFirestore(options: FirestoreOptions): FirestoreRecords {
  const client = openClient(options);
  const store = openStore(documentsIn(client), options.deadlines ?? usualDeadlines);
  const changes = openChanges(store, options);
  return {
    ping: () => store.read('ping', async (documents) => void (await documents.get(['machines', 'ping']))),
    close: async () => {
      changes.close();
      await client.close();
    },
    changes,
    ...writes(store, options.onAudited),
    ...machineRecords(store),
    ...ruleRecords(store),
    ...adminRecords(store),
    ...assetRecords(store),
    ...bootRecords(store, options.bootsKeepDays ?? 90),
    ...pendingRecords(store),
  };
}
