/** What has been outdated since when, counted by how often something was. */
export interface Expiry {
  readonly count: () => number;
  /** From now on everything, or what these reads said, is outdated. */
  expire(reads?: readonly string[]): void;
  /** Whether what such a read said, when it was asked at that count, is not outdated since. */
  isValid(read: string, count: number): boolean;
}

export function openExpiry(): Expiry {
  let count = 0;
  let all = 0;
  const some = new Map<string, number>();
  return {
    count: () => count,
    expire(reads) {
      count += 1;
      if (reads) for (const read of reads) some.set(read, count);
      else all = count;
    },
    isValid: (read, asked) => asked >= Math.max(all, some.get(read) ?? 0),
  };
}
