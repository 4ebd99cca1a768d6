import { randomUUIDv7 } from 'node:crypto';
import type { Beginning } from '../../boot/boot-request.ts';
import type { CommonParts } from '../plane/parts.ts';

/** A store that takes longer to say how the last boot went does not hold up this one. */
const patienceMs = 500;

/** What says which boot a script begins. A history that cannot be read makes a new boot of it, and no fault. */
export function beginningOf({ records, clock }: Pick<CommonParts, 'records' | 'clock'>): Beginning {
  return {
    fresh: () => randomUUIDv7(),
    now: clock,
    last: (machineId) => withinPatience(records.lastBoot(machineId)),
  };
}

function withinPatience<T>(answer: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const giveUp = () => resolve(undefined);
    const late = setTimeout(giveUp, patienceMs).unref();
    answer.then(resolve, giveUp).finally(() => clearTimeout(late));
  });
}
