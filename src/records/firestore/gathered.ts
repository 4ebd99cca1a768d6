/**
 * Does the work for one key at a time, with all that came for it meanwhile: of writers to one document, none has to try again
 * because of another in this process. What comes for other keys does not wait.
 */
export function gathered<Item>(
  work: (key: string, items: readonly Item[]) => Promise<void>,
): (key: string, item: Item) => Promise<void> {
  const waiting = new Map<string, { readonly items: Item[]; readonly done: Promise<void> }>();
  const running = new Map<string, Promise<void>>();

  return (key, item) => {
    const next = waiting.get(key);
    if (next) {
      next.items.push(item);
      return next.done;
    }
    const items = [item];
    const before = running.get(key);
    const begin = async () => {
      await before?.catch(() => {}); // whoever it was for is told
      waiting.delete(key);
      await work(key, items);
    };
    const done = begin().finally(() => {
      if (running.get(key) === done) running.delete(key);
    });
    if (before !== undefined) waiting.set(key, { items, done });
    running.set(key, done);
    return done;
  };
}
