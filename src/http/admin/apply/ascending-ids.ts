import { randomUUIDv7 } from 'node:crypto';

/** UUIDv7 of one millisecond are in no order; the newest revision of a name is the one whose id sorts last. */
export function ascendingIds(): () => string {
  let last = '';
  let ready: string[] = [];
  return () => {
    while (ready.length === 0)
      ready = Array.from({ length: 256 }, () => randomUUIDv7())
        .filter((id) => id > last)
        .sort()
        .reverse();
    last = ready.pop() ?? last;
    return last;
  };
}
