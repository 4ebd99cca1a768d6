import type { Metrics } from '../metrics.ts';

/** What a broker has asked of others so far, for all boots together. */
export function countsOf({ sum }: Metrics) {
  const operations = (store: string, operation?: string) =>
    sum('bootbroker_operation_duration_seconds_count', { store, ...(operation && { operation }) });
  const reads = (labels: Readonly<Record<string, string>>) =>
    sum('bootbroker_records_cache_reads_total', labels);
  // Whose last boots are kept by no process, that asks for each of them.
  const lastBoots = reads({ read: 'lastBoot' }) > 0 ? 0 : operations('records', 'lastBoot');
  return {
    events: sum('bootbroker_boot_events_total', { outcome: 'written' }),
    reads: reads({ result: 'miss' }) + lastBoots,
    syncs: sum('bootbroker_records_commit_writes_count'),
    signed: operations('signer'),
    /** Bytes of bodies through the broker. */
    bytes: sum('bootbroker_response_bytes_total', { plane: 'boot' }),
    documentsRead: sum('bootbroker_firestore_documents_total', { access: 'read' }),
    documentsWritten: sum('bootbroker_firestore_documents_total', { access: 'write' }),
  };
}
