import type { Metrics } from '../metrics.ts';

/** Counted since a broker's start, or of one boot. */
export interface Counts {
  /** Requests of machines. */
  readonly requests: number;
  /** Written, each durable when its answer ended. */
  readonly events: number;
  /** Of the records, that no cache answered. */
  readonly reads: number;
  /** Of SQLite to its disk. */
  readonly syncs: number;
  /** URLs. */
  readonly signed: number;
  /** Of bodies, through the broker. */
  readonly bytes: number;
  /** Of Cloud Storage, by the broker or by whom it sent there. */
  readonly objectReads: number;
  readonly documentsRead: number;
  readonly documentsWritten: number;
}

/** What a broker has asked of others so far, for all boots together. */
export function countsOf({ sum }: Metrics): Counts {
  const operations = (store: string, operation?: string) =>
    sum('bootbroker_operation_duration_seconds_count', { store, ...(operation && { operation }) });
  const reads = (labels: Readonly<Record<string, string>>) =>
    sum('bootbroker_records_cache_reads_total', labels);
  // Whose last boots are kept by no process, that asks for each of them.
  const lastBoots = reads({ read: 'lastBoot' }) > 0 ? 0 : operations('records', 'lastBoot');
  const ofMachines = (name: string) => sum(name, { plane: 'boot' });
  return {
    requests:
      ofMachines('bootbroker_requests_total') -
      sum('bootbroker_requests_total', { plane: 'boot', route: '/metrics' }),
    events: sum('bootbroker_boot_events_total', { outcome: 'written' }),
    reads: reads({ result: 'miss' }) + lastBoots,
    syncs: sum('bootbroker_records_commit_writes_count'),
    signed: operations('signer'),
    bytes:
      ofMachines('bootbroker_response_bytes_total') -
      sum('bootbroker_response_bytes_total', { plane: 'boot', route: '/metrics' }),
    objectReads: operations('storage', 'follow') + sum('bootbroker_deliveries_total', { plan: 'redirect' }),
    documentsRead: sum('bootbroker_firestore_documents_total', { access: 'read' }),
    documentsWritten: sum('bootbroker_firestore_documents_total', { access: 'write' }),
  };
}
