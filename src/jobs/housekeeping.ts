import { setTimeout as sleep } from 'node:timers/promises';
import { expireUploads } from './abandon.ts';
import { type CollectParts, deleteCondemned } from './collect.ts';
import type { Verifier } from './verify.ts';

/** Nobody waits for any of it. */
const everyMs = 600_000;
/** A run that is alive says so every two seconds. */
const quietMs = 60_000;

/** What the jobs role does over and over until it is told to stop: it verifies, expires and deletes what others left. */
export async function keepHouse(
  parts: CollectParts & { verifier: Verifier },
  stop: AbortSignal,
): Promise<void> {
  const { log, verifier } = parts;
  for (let round = 0; !stop.aborted; round += 1) {
    for (const [what, work] of Object.entries({
      'taking up verifications': () => verifier.resume(round === 0 ? 0 : quietMs),
      'expiring uploads': () => expireUploads(parts, stop),
      'deleting condemned assets': () => deleteCondemned(parts),
    })) {
      if (stop.aborted) return;
      await work().catch((error: unknown) => {
        if (!stop.aborted) log.warn({ error }, `${what} failed: the next round tries again`);
      });
    }
    await sleep(everyMs, undefined, { signal: stop, ref: false }).catch(() => {});
  }
}
