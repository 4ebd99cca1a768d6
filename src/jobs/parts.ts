import type { Blobs } from '../blobs/blobs.ts';
import type { Auditor } from '../boot/access/audit.ts';
import type { Records } from '../records/records.ts';
import type { Log } from '../telemetry/log.ts';

/** What every job that changes something is made of. */
export interface JobParts {
  readonly records: Records;
  readonly blobs: Blobs;
  readonly clock: () => Date;
  readonly log: Log;
  /** In the name of whoever has it done. */
  readonly audit: Auditor;
}
