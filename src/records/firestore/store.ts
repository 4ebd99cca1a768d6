import { setTimeout as pause } from 'node:timers/promises';
import { StoreDown } from '../../boot/store-down.ts';
import { BadCursor } from '../cursor.ts';
import type { Documents } from './documents.ts';
import { isConflict, isPassing } from './fault.ts';

export interface Deadlines {
  readonly readMs: number;
  readonly writeMs: number;
}

/** One run of a write. */
export interface Run {
  /** An earlier run lost the answer to its commit, which may therefore have happened. */
  readonly mayHaveLanded: boolean;
}

/** Firestore as the queries see it. Whatever `work` throws, but for a BadCursor, rejects as a StoreDown; so does running out of time. */
export interface Store {
  read<T>(doing: string, work: (documents: Documents) => Promise<T>): Promise<T>;
  /**
   * `work` reads, decides and commits with preconditions: of writers that meet, one goes through, and the others run again on
   * what it left. (Interactive transactions would lock what they read, and hold the locks while we are away.)
   */
  write<T>(doing: string, work: (documents: Documents, run: Run) => Promise<T>): Promise<T>;
}

const firstPauseMs = 20;
const longestPauseMs = 400;

export function openStore(connect: (signal: () => AbortSignal) => Documents, deadlines: Deadlines): Store {
  async function withinDeadline<T>(
    doing: string,
    deadlineMs: number,
    retried: (cause: unknown) => boolean,
    work: (documents: Documents, run: Run) => Promise<T>,
  ): Promise<T> {
    const end = performance.now() + deadlineMs;
    const left = () => Math.max(0, end - performance.now());
    // Half of the time at most for one request, so that a dead connection leaves time for another.
    const documents = connect(() => AbortSignal.timeout(Math.ceil(Math.min(left(), deadlineMs / 2))));
    let mayHaveLanded = false;
    for (let runs = 0; ; runs += 1) {
      try {
        return await work(documents, { mayHaveLanded });
      } catch (cause) {
        if (cause instanceof BadCursor) throw cause;
        const pauseMs = Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** runs);
        if (!(isPassing(cause) || retried(cause)) || pauseMs >= left())
          throw new StoreDown('records', doing, cause);
        mayHaveLanded ||= isPassing(cause);
        await pause(pauseMs);
      }
    }
  }
  return {
    read: (doing, work) => withinDeadline(doing, deadlines.readMs, () => false, work),
    write: (doing, work) => withinDeadline(doing, deadlines.writeMs, isConflict, work),
  };
}
