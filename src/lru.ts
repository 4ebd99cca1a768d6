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

interface Entry<Value> {
  readonly key: string;
  value: Value;
  older: Entry<Value> | undefined;
  newer: Entry<Value> | undefined;
}

/** One that holds at most so many entries. They are linked in their order: a Map that is reordered at each look is slow. */
export function lru<Value>(most: number): Lru<Value> {
  const kept = new Map<string, Entry<Value>>();
  let oldest: Entry<Value> | undefined;
  let newest: Entry<Value> | undefined;

  const unlink = (entry: Entry<Value>) => {
    const { older, newer } = entry;
    if (older) older.newer = newer;
    else oldest = newer;
    if (newer) newer.older = older;
    else newest = older;
  };
  const append = (entry: Entry<Value>) => {
    entry.older = newest;
    entry.newer = undefined;
    if (newest) newest.newer = entry;
    else oldest = entry;
    newest = entry;
  };
  const use = (entry: Entry<Value>) => {
    if (entry === newest) return;
    unlink(entry);
    append(entry);
  };
  const forget = (entry: Entry<Value>) => {
    unlink(entry);
    kept.delete(entry.key);
  };
  const inOrder = function* () {
    for (let entry = oldest; entry; entry = entry.newer) yield entry;
  };

  return {
    get(key) {
      const entry = kept.get(key);
      if (entry) use(entry);
      return entry?.value;
    },
    set(key, value) {
      const known = kept.get(key);
      if (known) {
        known.value = value;
        return use(known);
      }
      const entry = { key, value, older: undefined, newer: undefined };
      kept.set(key, entry);
      append(entry);
      if (kept.size > most && oldest) forget(oldest);
    },
    delete(key) {
      const entry = kept.get(key);
      if (entry) forget(entry);
    },
    clear() {
      kept.clear();
      oldest = undefined;
      newest = undefined;
    },
    entries: () => [...inOrder()].map(({ key, value }) => [key, value]),
    values: () => [...inOrder()].map(({ value }) => value),
  };
}
