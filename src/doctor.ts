import { lookup } from 'node:dns/promises';
import { Agent, type Dispatcher } from 'undici';
import type { Config } from './config/config.ts';
import { asker } from './doctor/ask.ts';
import { checkAssets } from './doctor/assets.ts';
import { checkBootUrl } from './doctor/boot-url.ts';
import { checkDataDir } from './doctor/data-dir.ts';
import { check, type Finding, failed, having, passed, skipped } from './doctor/finding.ts';
import { checkGoogle } from './doctor/google.ts';
import { checkPrivateAccess, type Vip, vips } from './doctor/private-access.ts';
import { checkKeys } from './doctor/signers.ts';
import { checkSqlite } from './doctor/sqlite.ts';
import { checkGcs, checkLocalStorage } from './doctor/storage.ts';
import { tryStorage } from './doctor/try-storage.ts';
import type { FirestoreOptions } from './records/firestore/firestore.ts';
import type { Records } from './records/records.ts';
import { openFileLine, openToOthers } from './secret-files.ts';
import { type GoogleCredentials, googleCredentials } from './sign/google-credentials.ts';

/** What lies outside of the settings. */
export interface Surroundings {
  readonly clock: () => Date;
  readonly google: GoogleCredentials;
  /** The way to the storage and to the boot plane; unset: the network. */
  readonly dispatcher?: Dispatcher;
  readonly vips: readonly Vip[];
  /** The addresses that a name has here. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
}

/** This machine and Google's own addresses. */
export function surroundings(): Surroundings {
  return {
    clock: () => new Date(),
    google: googleCredentials(),
    vips,
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  };
}

/**
 * Checks the settings against the world, one after the other; what an earlier check did not find, later ones skip. What it
 * writes it deletes again, also when its reader goes away in the middle.
 */
export async function* diagnose(config: Config, around: Surroundings): AsyncGenerator<Finding> {
  const { clock, google } = around;
  await using leftovers = new AsyncDisposableStack();
  const dispatcher = around.dispatcher ?? new Agent({ connect: { timeout: 5_000 } });
  if (!around.dispatcher) leftovers.defer(() => dispatcher.destroy());
  const ask = asker(dispatcher);
  const closeLater = (found: { close(): void | Promise<void> }) => leftovers.defer(() => found.close());

  yield* check('settings', () => {
    const open = openToOthers(config.secretFiles);
    return open.length > 0
      ? failed(open.map(openFileLine).join('; '))
      : passed(`valid: BROKER_STORAGE=${config.storage}, BROKER_RECORDS=${config.records}`);
  });
  const account = yield* check('credentials', () => checkGoogle(config, google));
  const dataDir = yield* check('data folder', () => checkDataDir(config), closeLater);

  const { firestore, open } = yield* checkRecords(config, dataDir?.path, account, google);
  yield* check(
    'indexes',
    config.records === 'firestore'
      ? having(firestore, 'records', async (options) => (await firestoreChecks()).checkIndexes(options))
      : () => skipped('only Firestore needs them made'),
  );

  const local = config.storage === 'local';
  const keys = yield* check(
    'signing keys',
    having(local ? dataDir : account, local ? 'data folder' : 'credentials', () =>
      checkKeys(config, dataDir?.path, google, clock),
    ),
  );
  const storage = yield* check(
    'storage',
    local
      ? having(keys?.key && dataDir && { key: keys.key, dataDir }, 'signing keys', ({ key, dataDir }) =>
          checkLocalStorage(config, dataDir, key, ask),
        )
      : having(account, 'credentials', (account) => checkGcs(config, google.token, { ask, account })),
    closeLater,
  );
  yield* tryStorage(config, storage, keys?.signers, clock);
  yield* check(
    'assets',
    having(storage && open && { storage, open }, storage ? 'records' : 'storage', ({ storage, open }) =>
      checkAssets(storage, open),
    ),
  );
  yield* check('private access', () =>
    local
      ? skipped('the embedded storage is not reached by it')
      : checkPrivateAccess(config.storageEndpoint, around.vips, around.resolve),
  );
  yield* check('boot URL', () => checkBootUrl(config, ask));
}

/** Records that can be had: how they are opened, and how Firestore is reached. */
interface OpenRecords {
  readonly firestore?: FirestoreOptions;
  readonly open?: () => Records;
}

/** Records of either kind. */
async function* checkRecords(
  config: Config,
  dataDir: string | undefined,
  account: string | undefined,
  google: GoogleCredentials,
): AsyncGenerator<Finding, OpenRecords> {
  if (config.records === 'sqlite') {
    const open = yield* check('records', having(dataDir, 'data folder', checkSqlite));
    return { ...(open && { open }) };
  }
  const { project = '', firestoreDatabase: database, firestoreEmulator: emulatorHost } = config;
  const options = { project, database, token: google.token, ...(emulatorHost && { emulatorHost }) };
  const firestore = yield* check(
    'records',
    having(emulatorHost ?? account, 'credentials', async () =>
      (await firestoreChecks()).checkFirestore(options),
    ),
  );
  const { recordsOf } = await firestoreChecks();
  return { ...(firestore && { firestore, open: recordsOf(firestore) }) };
}

/** Google's library takes its time to load. */
const firestoreChecks = () => import('./doctor/firestore.ts');
