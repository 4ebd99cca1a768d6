import type { Blobs } from '../blobs/blobs.ts';
import type { Records } from '../records/records.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Says in the log which store does not answer, and what to do: a wrong bucket or a missing role would else show only in the first
 * upload. Never rejects: a broker starts without its stores, and serves what it can.
 */
export async function reportStores({
  records,
  blobs,
  log,
}: {
  readonly records: Pick<Records, 'ping'>;
  /** Left out where a process has no use for it. */
  readonly blobs?: Pick<Blobs, 'ping'> | undefined;
  readonly log: Log;
}): Promise<void> {
  const report = (error: unknown) => log.error({ error }, 'a store is not as it should be');
  await Promise.all([records.ping().catch(report), blobs?.ping().catch(report)]);
}
