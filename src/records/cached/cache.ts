import { StoreDown } from '../../boot/store-down.ts';
import { lru } from '../../lru.ts';
import { openExpiry } from './expiry.ts';
import type { Following } from './following.ts';

/** Something that is served although its store did not answer. */
export interface Stale {
  /** Which read, such as `machine`. */
  readonly read: string;
  readonly ageMs: number;
  readonly error: StoreDown;
}

export interface CacheOptions {
  readonly clock: () => Date;
  /** How old an answer may be that nothing vouches for; at most 5000, whatever is said, because another process may write. */
  readonly ttlMs?: number;
  /** The same for "not there". */
  readonly negativeTtlMs?: number;
  /** How old an answer may be while the store is down. Default an hour. */
  readonly staleIfErrorMs?: number;
  /** How many answers are kept of each sort: known, and not there. */
  readonly maxEntries?: number;
  /** Hears of each read whether it was at hand, or had to be asked for. */
  readonly onRead?: (read: string, result: 'hit' | 'miss') => void;
  readonly onStale?: (stale: Stale) => void;
  /** Vouches for older answers; unset: nobody does. */
  readonly following?: Following;
}

/** A key to keep an answer under: which read, of what. */
export type Key = readonly [read: string, ...of: readonly unknown[]];
export type Keep = (key: Key, value: unknown) => void;

/** An answer that somebody else knew. */
export interface Spare<T> {
  readonly value: T;
  /** As of when, in ms since 1970. */
  readonly at: number;
}

export interface Reading<T> {
  /** Stays good once it is known. */
  readonly immutable?: true;
  /** Asked while the store is down, for what the store has never been heard to say. */
  readonly spare?: () => Spare<T> | undefined;
}

export interface Cache {
  /** `load` may keep other answers too that it learnt on the way. */
  get<T>(key: Key, load: (keep: Keep) => Promise<T>, reading?: Reading<NoInfer<T>>): Promise<T>;
  /** From now on everything, or what these reads said, is asked for again; what was known is left for an outage. */
  expire(reads?: readonly string[]): void;
  /** What this is true of is not even served in an outage. */
  forget(outdated: (value: unknown) => boolean): void;
  /** The fault of a moment ago, in the time in which nobody is to wait for another. */
  outage(): StoreDown | undefined;
}

interface Entry {
  readonly value: unknown;
  /** When it was asked for, by the clock, and how often something had expired by then. */
  readonly at: number;
  readonly epoch: number;
}

const longestTtlMs = 5000;
/** However well vouched for: whoever changes a document by hand, in Google's console, tells nobody. */
const longestVouchedMs = 600_000;
/** After a fault, what is known is served at once for so long: a boot asks several times, and is to wait for a deadline once. */
const holdDownMs = 1000;

export function openCache(options: CacheOptions): Cache {
  const { clock, maxEntries = 30_000, onRead, onStale, following } = options;
  const { ttlMs = longestTtlMs, negativeTtlMs = longestTtlMs, staleIfErrorMs = 3_600_000 } = options;
  // Apart, so that a flood of unknown names does not push out the machines that an outage needs.
  const known = lru<Entry>(maxEntries);
  const absent = lru<Entry>(maxEntries);
  const flights = new Map<string, { readonly epoch: number; readonly promise: Promise<unknown> }>();
  const expiry = openExpiry();
  let outage: { readonly error: StoreDown; readonly until: number } | undefined;

  const outageNow = () => (outage && clock().getTime() < outage.until ? outage.error : undefined);
  const age = (entry: Entry) => clock().getTime() - entry.at;

  /** Whether nothing is known to have changed since. */
  const isValid = ([read]: Key, epoch: number) => expiry.isValid(read, epoch);

  /** What may be served without asking anybody. */
  function fresh(key: Key, name: string, immutable: boolean): Entry | undefined {
    const entry = known.get(name) ?? absent.get(name);
    if (!entry) return undefined;
    const there = !isAbsent(entry.value);
    if (there && immutable) return entry;
    if (!isValid(key, entry.epoch) || age(entry) < 0) return undefined;
    const ttl = Math.min(there ? ttlMs : negativeTtlMs, longestTtlMs);
    return age(entry) < ttl || (isCovered(key, entry) && following?.isProven()) ? entry : undefined;
  }

  /** Whether, if it has changed, we are told, or are told when we ask. */
  function isCovered(key: Key, entry: Entry | undefined): boolean {
    if (!entry || !isValid(key, entry.epoch) || age(entry) >= longestVouchedMs) return false;
    return following?.covers(entry.at) === true;
  }

  function keepAt(at: number, asked: number): Keep {
    return (key, value) => {
      const name = JSON.stringify(key);
      const before = known.get(name) ?? absent.get(name);
      // What was asked for before a write, or before what we have, is not news.
      if (!isValid(key, asked) || (before && isValid(key, before.epoch) && before.at > at)) return;
      known.delete(name);
      absent.delete(name);
      (isAbsent(value) ? absent : known).set(name, { value, at, epoch: asked });
    };
  }

  /** The first fault tells all. */
  async function asked<T>(question: () => Promise<T>): Promise<T> {
    try {
      const answer = await question();
      outage = undefined;
      return answer;
    } catch (error) {
      if (error instanceof StoreDown) outage = { error, until: clock().getTime() + holdDownMs };
      throw error;
    }
  }

  function flight<T>(key: Key, load: (keep: Keep) => Promise<T>): Promise<T> {
    const name = JSON.stringify(key);
    const running = flights.get(name);
    if (running && isValid(key, running.epoch)) return running.promise as Promise<T>;
    const epoch = expiry.count();
    const keep = keepAt(clock().getTime(), epoch);
    const promise = asked(async () => {
      const value = await load(keep);
      keep(key, value);
      following?.begin();
      return value;
    });
    const started = { epoch, promise };
    const land = () => void (flights.get(name) === started && flights.delete(name));
    flights.set(name, started);
    promise.then(land, land);
    return promise;
  }

  /** What is known, however old; else the spare, unless the store said that there is nothing. */
  function outdated<T>(key: Key, { spare }: Reading<T>): Spare<T> | undefined {
    const name = JSON.stringify(key);
    const entry = known.get(name) as Spare<T> | undefined;
    return entry ?? (absent.get(name) ? undefined : spare?.());
  }

  /** The outdated answer; or the fault, where nothing is known, or too long ago. */
  function servedStale<T>(key: Key, error: StoreDown, reading: Reading<T>): T {
    const answer = outdated(key, reading);
    const ageMs = answer ? Math.max(0, clock().getTime() - answer.at) : 0;
    if (!answer || (known.get(JSON.stringify(key)) && ageMs >= staleIfErrorMs)) throw error;
    onStale?.({ read: key[0], ageMs, error });
    return answer.value;
  }

  return {
    async get<T>(key: Key, load: (keep: Keep) => Promise<T>, reading: Reading<T> = {}) {
      const name = JSON.stringify(key);
      const immutable = reading.immutable === true;
      const entry = fresh(key, name, immutable);
      if (entry) {
        onRead?.(key[0], 'hit');
        return entry.value as T;
      }
      const down = outageNow();
      if (down && outdated(key, reading)) return servedStale(key, down, reading);
      try {
        if (following && isCovered(key, known.get(name) ?? absent.get(name))) {
          await asked(() => following.prove());
          const proven = fresh(key, name, immutable);
          if (proven) {
            onRead?.(key[0], 'hit');
            return proven.value as T;
          }
        }
        const value = await flight(key, load);
        onRead?.(key[0], 'miss');
        return value;
      } catch (error) {
        if (!(error instanceof StoreDown)) throw error;
        return servedStale(key, error, reading);
      }
    },
    expire: expiry.expire,
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
