import { setTimeout as sleep } from 'node:timers/promises';

/** Does the work again and again, `everyMs` after it was done, until it is closed; `close` waits for the work under way. */
export function repeat(work: () => Promise<unknown>, everyMs: number): { close(): Promise<void> } {
  const stop = new AbortController();
  const { signal } = stop;
  const run = async () => {
    while (!signal.aborted) {
      await work();
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  };
  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}
