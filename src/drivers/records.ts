import { join } from 'node:path';
import { headText } from '../boot/access/audit.ts';
import type { Snapshot } from '../boot/snapshot.ts';
import type { Config } from '../config/config.ts';
import type { Stale } from '../records/cached/cache.ts';
import { cachedRecords } from '../records/cached/cached.ts';
import type { Call } from '../records/firestore/transport.ts';
import type { Change, OnAudited, Records } from '../records/records.ts';
import { openSqlite } from '../records/sqlite/sqlite.ts';
import type { GoogleCredentials } from '../sign/google-credentials.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Watch } from '../telemetry/watch.ts';
import { watchedRecords } from './watched.ts';

export interface RecordsParts {
  /** For whatever writes, and what is read to be written. */
  readonly records: Records;
  /** For booting: an answer may be 5 s old, and older while the store is down. */
  readonly bootRecords: Records;
  /** Lets a snapshot stand in for what the store has not said yet; undefined: it is never away. */
  readonly seed: ((snapshot: Snapshot) => void) | undefined;
}

interface Tools {
  readonly clock: () => Date;
  readonly google: GoogleCredentials;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly watch: Watch;
}

/** Loads what Firestore needs only where it is used: half of that is no small part of a start. */
export async function openRecords(
  config: Config,
  { clock, google, log, metrics, watch }: Tools,
): Promise<RecordsParts> {
  const onAudited = tellHead(log);
  const reads = {
    onRead: (read: string, result: 'hit' | 'miss') => metrics.cacheReads.inc({ read, result }),
    onStale: ({ read, ageMs, error }: Stale) => {
      metrics.cacheReads.inc({ read, result: 'stale' });
      metrics.staleSeconds.observe({}, ageMs / 1000);
      log.warn(
        { read, age_s: Math.round(ageMs / 1000), error },
        'the records are down: what is known is served',
      );
    },
  };
  if (config.records === 'sqlite') {
    const store = openSqlite(join(config.dataDir, 'records.db'), {
      bootsKeepDays: config.bootsKeepDays,
      onAudited,
      onDisk: (state) => tellDisk(state, log, metrics),
      onCommit: (writes) => metrics.commitSize.observe({}, writes),
      onRead: reads.onRead,
    });
    const watched = countingUploads(watchedRecords(store, watch), metrics);
    const cached = cachedRecords(watched, { clock, changes: watched.changes, ...reads, bootsApart: true });
    // Its file is there or the broker is not: no snapshot has to stand in for it.
    return { records: cached.uncached, bootRecords: cached, seed: undefined };
  }
  const { project = '', firestoreDatabase: database, firestoreEmulator: emulatorHost } = config;
  const { openFirestore } = await import('../records/firestore/firestore.ts');
  const firestore = openFirestore({
    project,
    database,
    token: google.token,
    bootsKeepDays: config.bootsKeepDays,
    onAudited,
    onCall: countingDocuments(metrics),
    ...(emulatorHost && { emulatorHost }),
  });
  const store = watchedRecords(firestore, watch);
  const cached = cachedRecords(countingUploads(store, metrics), {
    clock,
    changes: store.changes,
    onSilence: (error) =>
      log.warn({ error }, 'changes are not listened to: they are asked for every five seconds'),
    ...reads,
  });
  return { records: cached.uncached, bootRecords: cached, seed: cached.seed };
}

/** A commit says of each of its writes what it does; one that only looks at a document's state is not billed. */
function countingDocuments({ firestoreDocuments }: Metrics): (call: Call) => void {
  return ({ method, body, reads }) => {
    firestoreDocuments.inc({ access: 'read' }, reads);
    const writes = method === 'commit' ? ((body as { writes?: readonly object[] }).writes ?? []) : [];
    firestoreDocuments.inc({ access: 'write' }, writes.filter((write) => 'update' in write).length);
    firestoreDocuments.inc({ access: 'delete' }, writes.filter((write) => 'delete' in write).length);
  };
}

/** Every step of an upload's life is a write of its record, whoever takes it. */
function countingUploads<Store extends Records>(records: Store, { uploads }: Metrics): Store {
  return {
    ...records,
    async write(changes, audit) {
      const result = await records.write(changes, audit);
      if (result === 'written') for (const state of uploadStates(changes)) uploads.inc({ state });
      return result;
    },
  };
}

function uploadStates(changes: readonly Change[]): string[] {
  return changes.flatMap((change) =>
    change.kind === 'upload' && change.to.state !== change.expected ? [change.to.state] : [],
  );
}

/** Said once when it becomes so: what administrators need is kept free of boots, not of what else lies on that disk. */
function tellDisk(state: 'ok' | 'full', log: Log, metrics: Metrics): void {
  metrics.diskFull.set(state === 'full' ? 1 : 0);
  if (state === 'ok') log.info('the disk of the records has room again');
  else
    log.error(
      'the disk of the records is full: machines boot on, but their boots are written over the oldest ones. Make room on it',
    );
}

/** The log is kept elsewhere than the records: whoever changes or cuts the audit log there cannot change what was said of its end. */
function tellHead(log: Log): OnAudited {
  return (events) => {
    const [first, last] = [events[0], events.at(-1)];
    if (!first || !last) return;
    const { action, actor, target, outcome } = first;
    log.info(
      {
        ...{ audit_head: headText(last), events: events.length, action, outcome },
        by: `${actor.kind} ${actor.id}`,
        ...(target && { target: `${target.kind} ${target.id}` }),
      },
      'the audit log goes on',
    );
  };
}
