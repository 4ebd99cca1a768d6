import type { Blobs } from '../../blobs/blobs.ts';
import type { StorageTraits } from '../../boot/decide.ts';
import type { UnknownPolicy } from '../../boot/machine/unknown-machine.ts';
import type { OutagePolicy } from '../../boot/script.ts';
import type { Records } from '../../records/records.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import type { StaticPage } from './static-page.ts';

/** What both planes are made of. */
export interface CommonParts {
  readonly records: Records;
  readonly blobs: Blobs;
  readonly clock: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Unset: there are no traces. */
  readonly tracing?: Tracing | undefined;
  /** Whether all that comes comes from Cloud Run's own front. */
  readonly onCloudRun: boolean;
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
  /** Where machines reach the boot plane; unset: it is not known. */
  readonly publicUrl: string | undefined;
  /** Whether /metrics is served. */
  readonly metricsPage: 'on' | 'off';
  /** Bearer token that /metrics asks for. */
  readonly metricsToken: string | undefined;
  /** The description of both planes (OpenAPI); when it is first asked for, it loads the schemas of every route. */
  readonly describe: () => Promise<StaticPage>;
}
