import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import { type Counted, counted } from './counted.ts';
import { type Observed, observed } from './observed.ts';

/** What the broker asks of records, signers and storage. */
export interface StoreMetrics {
  readonly operationSeconds: Observed<'store' | 'operation' | 'outcome'>;
  readonly faults: Counted<'store'>;
  readonly healedFaults: Counted<'by'>;
  readonly cacheReads: Counted<'read' | 'result'>;
  readonly staleSeconds: Observed;
  readonly signedUrls: Counted<'result'>;
  readonly commitSize: Observed;
  readonly firestoreDocuments: Counted<'access'>;
  readonly diskFull: Gauge<never>;
  readonly damagedAssets: Gauge<never>;
  readonly scrubbedBytes: Counted;
  readonly uploads: Counted<'state'>;
}

/** By what a fault of the storage was healed: a stream went on, a control call was repeated, an edge was given a fresh URL. */
const healings = ['resume', 'retry', 'fresh-url'] as const;

export function storeMetrics(registry: Registry): StoreMetrics {
  return {
    operationSeconds: observed(registry, {
      name: 'bootbroker_operation_duration_seconds',
      help: 'How long records, signers and the storage took, by what was asked; of a stream, until it began',
      labels: ['store', 'operation', 'outcome'],
      buckets: [0.0001, 0.0005, 0.002, 0.01, 0.05, 0.2, 1, 5, 30],
    }),
    faults: counted(registry, {
      name: 'bootbroker_store_faults_total',
      help: 'Requests that failed because a store did not answer',
      labels: ['store'],
      zero: [{ store: 'records' }, { store: 'storage' }],
    }),
    healedFaults: counted(registry, {
      name: 'bootbroker_upstream_faults_healed_total',
      help: 'Faults of the storage of which nobody noticed anything, by what was done about them',
      labels: ['by'],
      zero: healings.map((by) => ({ by })),
    }),
    cacheReads: counted(registry, {
      name: 'bootbroker_records_cache_reads_total',
      help: 'Reads of the records that the cache answered (hit), or the store (miss), or the cache because the store did not (stale)',
      labels: ['read', 'result'],
    }),
    staleSeconds: observed(registry, {
      name: 'bootbroker_records_stale_age_seconds',
      help: 'How old records were that were served although their store did not answer',
      buckets: [5, 30, 60, 300, 900, 3600, 86_400],
    }),
    signedUrls: counted(registry, {
      name: 'bootbroker_signed_url_cache_reads_total',
      help: 'Signed URLs that were at hand (hit), or had to be signed (miss)',
      labels: ['result'],
    }),
    commitSize: observed(registry, {
      name: 'bootbroker_records_commit_writes',
      help: 'Writes about boots that were brought to the disk together, with one sync',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200],
    }),
    firestoreDocuments: counted(registry, {
      name: 'bootbroker_firestore_documents_total',
      help: 'Documents that Firestore read, wrote or deleted, as it bills them; what it tells listeners is not counted',
      labels: ['access'],
      zero: ['read', 'write', 'delete'].map((access) => ({ access })),
    }),
    diskFull: new Gauge({
      name: 'bootbroker_records_disk_full',
      help: 'Whether the disk of the records has less room than administrators need: 1 or 0',
      registers: [registry],
    }),
    damagedAssets: new Gauge({
      name: 'bootbroker_damaged_assets',
      help: 'Assets whose bytes are lost or changed, as the last round of the jobs role found them',
      registers: [registry],
    }),
    scrubbedBytes: counted(registry, {
      name: 'bootbroker_scrubbed_bytes_total',
      help: 'Bytes of assets that were read to see whether they are still what was verified',
    }),
    uploads: counted(registry, {
      name: 'bootbroker_uploads_total',
      help: 'Uploads, by the state that they came to',
      labels: ['state'],
      zero: ['open', 'done', 'failed', 'expired', 'aborted'].map((state) => ({ state })),
    }),
  };
}
