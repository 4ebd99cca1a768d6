import type { Blobs } from '../../blobs/blobs.ts';
import type { Auditor } from '../../boot/access/audit.ts';
import type { StorageTraits } from '../../boot/decide.ts';
import type { Network } from '../../boot/network.ts';
import type { OutagePolicy } from '../../boot/script.ts';
import type { EdgeVerifier, SourcePolicy } from '../../boot/source.ts';
import type { UnknownPolicy } from '../../boot/unknown.ts';
import type { Upload } from '../../boot/upload.ts';
import type { Records } from '../../records/records.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { OidcOptions } from '../admin/login/oidc.ts';
import type { Refusals } from '../admin/login/refusal-log.ts';
import type { BootEvents } from '../boot/events.ts';
import type { UnknownMachines } from '../boot/unknown-machines.ts';

/** What both planes are made of. */
export interface CommonParts {
  readonly records: Records;
  readonly blobs: Blobs;
  readonly clock: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Google Cloud project whose traces the log names. */
  readonly project: string | undefined;
  /** Origin of the storage for whoever reached us at this local address; unset: as the broker itself reaches it. */
  readonly storageOrigin: (localAddress: string | undefined, scheme?: 'http' | 'https') => string | undefined;
  readonly storage: StorageTraits;
  readonly outage: OutagePolicy;
  readonly unknownMachine: UnknownPolicy;
  /** Name of the efi asset that firmware gets first. */
  readonly firstStage: string;
  readonly urlTtlSeconds: number;
}

export interface BootParts extends CommonParts {
  readonly sourcePolicy: SourcePolicy;
  /** Where edges vouch for clients: nobody else is believed. */
  readonly edge: EdgeVerifier | undefined;
  readonly events: BootEvents;
  readonly unknownMachines: UnknownMachines;
  readonly maxStreams: number;
  readonly maxStreamsPerSource: number;
  readonly metricsToken: string | undefined;
}

export interface AdminParts extends CommonParts, OidcOptions {
  readonly bucket: string;
  readonly adminToken: string;
  readonly adminHosts: readonly string[];
  readonly metricsToken: string | undefined;
  /** For explain: who may boot, and whether only what an edge vouches for is believed. */
  readonly allowedNetworks: readonly Network[];
  readonly edge: EdgeVerifier | undefined;
  /** Whose X-Forwarded-For the audit log believes. */
  readonly trustedProxies: readonly Network[];
  readonly refusals: Refusals;
  /** Starts, or joins, the verification of an asset whose bytes are all there. */
  readonly verify: (assetId: string) => Promise<void>;
  /** Ends an open upload, if nobody else ends it first. */
  readonly abort: (upload: Upload, audit: Auditor) => Promise<unknown>;
  /** Garbage collection. */
  readonly collect: (
    how: { readonly dryRun: boolean; readonly orphanAgeMs: number },
    audit: Auditor,
  ) => Promise<unknown>;
}
