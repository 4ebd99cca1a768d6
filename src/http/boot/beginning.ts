import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Beginning } from '../../boot/boot-request.ts';
import type { CommonParts } from '../plane/parts.ts';

/** A store that takes longer to say how the last boot went does not hold up this one. */
const patienceMs = 500;

/** What says which boot a script begins. A history that cannot be read makes a new boot of it, and no fault. */
export function beginningOf({ records, clock }: Pick<CommonParts, 'records' | 'clock'>): Beginning {
  return {
    fresh: () => randomUUIDv7(),
    now: clock,
    async last(machineId) {
      const late = new AbortController();
      try {
        return await Promise.race([
          records.lastBoot(machineId),
          sleep(patienceMs, undefined, { ref: false, signal: late.signal }),
        ]);
      } catch {
        return undefined;
      } finally {
        late.abort();
      }
    },
  };
}
