import { join } from 'node:path';
import type { Config } from '../config.ts';
import { cachedRecords } from '../records/cached.ts';
import { openFirestore } from '../records/firestore.ts';
import type { Records } from '../records/records.ts';
import { openSqlite } from '../records/sqlite.ts';
import type { GoogleCredentials } from '../sign/google-credentials.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface RecordsParts {
  /** For whatever writes, and what is read to be written. */
  readonly records: Records;
  /** For booting: an answer may be 5 s old, and older while the store is down. */
  readonly bootRecords: Records;
}

interface Tools {
  readonly clock: () => Date;
  readonly google: GoogleCredentials;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function openRecords(config: Config, { clock, google, log, metrics }: Tools): RecordsParts {
  if (config.records === 'sqlite') {
    // It answers in microseconds and is never away: there is nothing to cache.
    const records = openSqlite(join(config.dataDir, 'records.db'));
    return { records, bootRecords: records };
  }
  const { project = '', firestoreDatabase: database, firestoreEmulator: emulatorHost } = config;
  const store = openFirestore({
    project,
    database,
    token: google.token,
    ...(emulatorHost && { emulatorHost }),
  });
  const cached = cachedRecords(store, {
    clock,
    onStale: ({ read, ageMs, error }) => {
      metrics.staleReads.inc({ read });
      log.warn(
        { read, age_s: Math.round(ageMs / 1000), error },
        'the records are down: what is known is served',
      );
    },
  });
  return { records: cached.uncached, bootRecords: cached };
}
