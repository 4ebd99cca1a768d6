import { once } from 'node:events';
import { pino } from 'pino';

/** Where lines go. */
export interface Destination {
  write(line: string): void;
  /** Resolves when all is written, or nobody reads it. */
  close(): Promise<void>;
}

export interface Heard {
  /** A line was left out, as nobody reads those before it. */
  readonly onDrop: () => void;
  /** All is written. */
  readonly onDrain: () => void;
}

/** Bytes that wait for whoever reads them; more is left out. */
const mostWaiting = 8 * 1024 ** 2;
/** How long an end waits for a reader, in ms. */
const patienceMs = 2_000;
/** What is on its way to the kernel when the program ends is there by then, in ms. */
const underwayMs = 50;

/**
 * Standard output. Lines are written in Node's thread pool, and what comes meanwhile goes together: no request waits for a reader.
 * Where nobody reads, lines wait until there are too many. However the program ends, in order or by a fault, what waits is
 * written first, if somebody reads it within two seconds.
 */
export function standardOutput({ onDrop, onDrain }: Heard): Destination {
  let leaving: number | undefined;
  let isWaiting = false;
  let isOver = false;
  // Before pino's own, which waits for ever.
  process.once('exit', leave);
  const stream = pino.destination({
    dest: 1,
    sync: false,
    maxLength: mostWaiting,
    retryEAGAIN: () => leaving === undefined || performance.now() - leaving < patienceMs,
  });
  stream.on('drop', onDrop);
  stream.on('error', () => {}); // a disk that is full, or a reader that is gone, is no reason to stop booting machines
  stream.on('drain', () => {
    isWaiting = false;
    onDrain();
  });

  function leave(): void {
    if (isOver) return;
    leaving = performance.now();
    try {
      if (isWaiting) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, underwayMs);
      stream.flushSync();
    } catch {
      // Nobody reads it.
    }
    end();
  }

  function end(): void {
    isOver = true;
    stream.destroy();
  }

  return {
    write(line) {
      if (isOver) return;
      isWaiting = true;
      stream.write(line);
    },
    async close() {
      const late = AbortSignal.timeout(patienceMs);
      if (isWaiting) await once(stream, 'drain', { signal: late }).catch(() => {});
      if (!isWaiting) return;
      leaving = performance.now() - patienceMs;
      end();
    },
  };
}
