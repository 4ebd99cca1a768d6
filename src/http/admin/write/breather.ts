import { setImmediate } from 'node:timers/promises';

/** How long others wait for the thread at most, in milliseconds: a machine that boots is one of them. */
const mostMs = 10;

/** For whoever goes through thousands of machines: called for each, it lets others have the thread in time. */
export function breather(): () => Promise<void> {
  let begun = performance.now();
  return async () => {
    if (performance.now() - begun < mostMs) return;
    await setImmediate();
    begun = performance.now();
  };
}
