import { StoreDown } from '../../boot/store-down.ts';
import { lru } from './lru.ts';

/** Something that is served although its store did not answer. */
export interface Stale {
  /** Which read, such as `machine`. */
  readonly read: string;
  readonly ageMs: number;
  readonly error: StoreDown;
}

export interface CacheOptions {
  readonly clock: () => Date;
  /** How old an answer may be; at most 5000, whatever is said, because another process may write. */
  readonly ttlMs?: number;
  /** The same for "not there". */
  readonly negativeTtlMs?: number;
  /** How old an answer may be while the store is down. Default an hour. */
  readonly staleIfErrorMs?: number;
  /** How many answers are kept of each sort: known, and not there. */
  readonly maxEntries?: number;
  readonly onStale?: (stale: Stale) => void;
}

/** A key to keep an answer under: which read, of what. */
export type Key = readonly [read: string, ...of: readonly unknown[]];
export type Keep = (key: Key, value: unknown) => void;

export interface Cache {
  /** `load` may keep other answers too that it learnt on the way. What is `immutable` stays good once it is known. */
  get<T>(key: Key, load: (keep: Keep) => Promise<T>, is?: { readonly immutable: boolean }): Promise<T>;
  /** From now on everything is asked for again; what was known is left for an outage. */
  expire(): void;
  /** What this is true of is not even served in an outage. */
  forget(outdated: (value: unknown) => boolean): void;
  /** The fault of a moment ago, in the time in which nobody is to wait for another. */
  outage(): StoreDown | undefined;
}

interface Entry {
  readonly value: unknown;
  /** When it was asked for, by the clock. */
  readonly at: number;
  readonly epoch: number;
}

const longestTtlMs = 5000;
/** After a fault, what is known is served at once for so long: a boot asks several times, and is to wait for a deadline once. */
const holdDownMs = 1000;

export function openCache(options: CacheOptions): Cache {
  const { clock, maxEntries = 10_000, onStale } = options;
  const { ttlMs = longestTtlMs, negativeTtlMs = longestTtlMs, staleIfErrorMs = 3_600_000 } = options;
  // Apart, so that a flood of unknown names does not push out the machines that an outage needs.
  const known = lru<Entry>(maxEntries);
  const absent = lru<Entry>(maxEntries);
  const flights = new Map<string, { readonly epoch: number; readonly promise: Promise<unknown> }>();
  let epoch = 0;
  let outage: { readonly error: StoreDown; readonly until: number } | undefined;

  const outageNow = () => (outage && clock().getTime() < outage.until ? outage.error : undefined);
  const age = (entry: Entry) => clock().getTime() - entry.at;

  function isFresh(entry: Entry, immutable: boolean): boolean {
    const there = !isAbsent(entry.value);
    if (there && immutable) return true;
    const ttl = Math.min(there ? ttlMs : negativeTtlMs, longestTtlMs);
    return entry.epoch === epoch && age(entry) >= 0 && age(entry) < ttl;
  }

  function keepAt(at: number, asked: number): Keep {
    return (key, value) => {
      const name = JSON.stringify(key);
      const before = known.get(name) ?? absent.get(name);
      // What was asked for before a write, or before what we have, is not news.
      if (asked !== epoch || (before?.epoch === epoch && before.at > at)) return;
      known.delete(name);
      absent.delete(name);
      (isAbsent(value) ? absent : known).set(name, { value, at, epoch });
    };
  }

  function flight<T>(key: Key, load: (keep: Keep) => Promise<T>): Promise<T> {
    const name = JSON.stringify(key);
    const running = flights.get(name);
    if (running?.epoch === epoch) return running.promise as Promise<T>;
    const keep = keepAt(clock().getTime(), epoch);
    const ask = async () => {
      try {
        const value = await load(keep);
        keep(key, value);
        outage = undefined;
        return value;
      } catch (error) {
        if (error instanceof StoreDown) outage = { error, until: clock().getTime() + holdDownMs };
        throw error;
      }
    };
    const promise = ask();
    const started = { epoch, promise };
    const land = () => void (flights.get(name) === started && flights.delete(name));
    flights.set(name, started);
    promise.then(land, land);
    return promise;
  }

  /** The outdated answer; or the fault, where nothing is known, or too long ago. */
  function servedStale<T>(key: Key, error: StoreDown): T {
    const entry = known.get(JSON.stringify(key));
    if (!entry || age(entry) >= staleIfErrorMs) throw error;
    onStale?.({ read: key[0], ageMs: age(entry), error });
    return entry.value as T;
  }

  return {
    async get<T>(key: Key, load: (keep: Keep) => Promise<T>, { immutable } = { immutable: false }) {
      const name = JSON.stringify(key);
      const entry = known.get(name) ?? absent.get(name);
      if (entry && isFresh(entry, immutable)) return entry.value as T;
      const down = outageNow();
      if (down && known.get(name)) return servedStale<T>(key, down);
      try {
        return await flight(key, load);
      } catch (error) {
        if (!(error instanceof StoreDown)) throw error;
        return servedStale<T>(key, error);
      }
    },
    expire() {
      epoch += 1;
    },
    outage: outageNow,
    forget(outdated) {
      for (const [name, { value }] of known.entries()) if (outdated(value)) known.delete(name);
    },
  };
}

/** Nothing, or a list of nothing. */
function isAbsent(value: unknown): boolean {
  if (value === undefined) return true;
  const items = (value as { items?: unknown }).items ?? value;
  return Array.isArray(items) && items.length === 0;
}
