import { lru } from '../../lru.ts';

export interface RateOptions {
  /** How many a second, over time. */
  readonly perSecond: number;
  /** How many at once. */
  readonly burst: number;
  /** How many keys are known; who was forgotten begins anew. */
  readonly most?: number;
  /** In ms, of a clock that never goes back. */
  readonly now?: () => number;
}

/** How fast one machine may write into its boots: one a second, 20 at once. */
export const machineRate = { perSecond: 1, burst: 20 };

/** Takes one for this key: 0, or the seconds until there is one again. */
export type Rate = (key: string) => number;

/** A token bucket for each key, as network routers have them (RFC 2697 names the burst). Its memory has a bound. */
export function openRate({
  perSecond,
  burst,
  most = 10_000,
  now = () => performance.now(),
}: RateOptions): Rate {
  const buckets = lru<{ left: number; at: number }>(most);
  return (key) => {
    const at = now();
    const before = buckets.get(key) ?? { left: burst, at };
    const left = Math.min(burst, before.left + ((at - before.at) / 1000) * perSecond);
    const taken = left >= 1;
    buckets.set(key, { left: taken ? left - 1 : left, at });
    return taken ? 0 : (1 - left) / perSecond;
  };
}
