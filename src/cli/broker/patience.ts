import { Failure } from '../verb/failure.ts';

/** How long we go on after trouble that may pass by itself. */
export interface Patience {
  /** Pauses before the next try, longer each time; throws when there were too many tries without success. */
  wait(why: string, atLeastSeconds?: number): Promise<void>;
  /** There was progress: begin to count anew. */
  reset(): void;
}

export interface Waiting {
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  readonly signal: AbortSignal;
  onWait?(why: string, seconds: number): void;
}

const tries = 10;
const longestSeconds = 30;

/** Exponential, from half a second, with jitter over its upper half, so that a rack of pushers does not come back as one. */
export function patience({ sleep, signal, onWait }: Waiting): Patience {
  let failed = 0;
  return {
    async wait(why, atLeastSeconds = 0) {
      failed++;
      if (failed >= tries)
        throw new Failure(
          'failed',
          `${why}, ${tries} times in a row; run the same command again to go on where it stopped`,
        );
      const full = Math.min(0.5 * 2 ** (failed - 1), longestSeconds);
      const seconds = Math.min(
        Math.max(full * (0.5 + Math.random() / 2), atLeastSeconds),
        2 * longestSeconds,
      );
      onWait?.(why, seconds);
      await sleep(seconds * 1000, signal);
      signal.throwIfAborted();
    },
    reset() {
      failed = 0;
    },
  };
}

/** Repeats a call to the broker while it fails in a way that may pass. */
export async function repeatedly<T>(waiting: Waiting, call: () => Promise<T>): Promise<T> {
  const patient = patience(waiting);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Failure && error.passing)) throw error;
      await patient.wait(error.message.split(';')[0] ?? error.message);
    }
  }
}
