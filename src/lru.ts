/** A map that forgets what was longest neither set nor asked for. */
export interface Lru<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  clear(): void;
  /** In the order of their last use, the oldest first. */
  entries(): [string, Value][];
  values(): Value[];
}

/** One that holds at most so many entries. */
export function lru<Value>(most: number): Lru<Value> {
  const kept = new Map<string, Value>(); // a Map is ordered by when a key came in
  return {
    get(key) {
      const value = kept.get(key);
      if (value === undefined) return undefined;
      kept.delete(key);
      kept.set(key, value);
      return value;
    },
    set(key, value) {
      kept.delete(key);
      kept.set(key, value);
      const [oldest] = kept.keys();
      if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    },
    delete: (key) => void kept.delete(key),
    clear: () => kept.clear(),
    entries: () => [...kept],
    values: () => [...kept.values()],
  };
}
