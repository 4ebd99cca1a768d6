import { setTimeout as sleep } from 'node:timers/promises';
import { loadSnapshot } from './load-snapshot.ts';
import { snapshotPublisher } from './snapshot.ts';

type Parts = Parameters<typeof loadSnapshot>[0] &
  Parameters<typeof snapshotPublisher>[0] & {
    readonly roles: readonly ('boot' | 'admin' | 'jobs')[];
    readonly snapshotSeconds: number;
  };

/** In the background the boot role loads the published snapshot, once, and the jobs role keeps it up to date until it is told to stop. */
export function beginSnapshots(parts: Parts, stop: AbortSignal): void {
  if (parts.roles.includes('boot')) void loadSnapshot(parts);
  if (parts.roles.includes('jobs')) void keepUpToDate(parts, stop);
}

async function keepUpToDate(parts: Parts, stop: AbortSignal): Promise<void> {
  const publish = snapshotPublisher(parts);
  while (!stop.aborted) {
    await publish().catch((error: unknown) => {
      if (!stop.aborted) parts.log.warn({ error }, 'no snapshot of the records could be published');
    });
    await sleep(parts.snapshotSeconds * 1000, undefined, { signal: stop, ref: false }).catch(() => {});
  }
}
