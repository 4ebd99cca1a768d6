import { availableParallelism, loadavg } from 'node:os';

/** What {@link measured} does takes about so long on an idle machine, in ms. */
const usualMs = 10;

/** How many times longer this process takes at the moment for something that needs the processor and nothing else. */
function measured(): number {
  const begun = performance.now();
  let mixed = 1;
  for (let n = 0; n < 5_000_000; n += 1) mixed = (Math.imul(mixed, 48_271) ^ n) | 0;
  return mixed === 0 ? 1 : (performance.now() - begun) / usualMs;
}

let first: number | undefined;

/** How many times longer than on an idle machine anything may take here and now; at least 1. */
function slowness(): number {
  first ??= Math.max(1, measured());
  const [lastMinute = 0] = loadavg();
  return Math.max(first, lastMinute / availableParallelism());
}

/**
 * So many ms of an idle machine, as ms of this one. Whatever limits something that really happens is said by it: the time
 * that a test waits, and the patience that it gives to what it tests.
 */
export function scaled(ms: number): number {
  return Math.ceil(ms * slowness());
}

/** However busy the machine is: ava gives up after 10 minutes in which nothing happens, and could not say why. */
const longestWaitMs = 8 * 60_000;

/** What the promise comes to. Rejects, saying what was waited for, when it takes longer than `ms` would be on an idle machine. */
export async function within<T>(what: string, promise: Promise<T>, ms = 60_000): Promise<T> {
  const limitMs = Math.min(scaled(ms), longestWaitMs);
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const late = () => reject(new Error(`waited ${Math.round(limitMs / 1000)} s in vain for ${what}`));
  const timer = setTimeout(late, limitMs);
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
