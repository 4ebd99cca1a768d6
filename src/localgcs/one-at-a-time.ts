/** Lets one request at a time be busy with a thing. */
export interface Turns {
  /**
   * Runs `work` alone. The work under way is stopped first: a client that comes back has lost its other
   * connection, even where the end of that one has not been heard of yet.
   */
  take<T>(id: string, stop: () => void, work: () => Promise<T>): Promise<T>;
  taken(id: string): boolean;
  /** Waits until nobody is busy. */
  idle(): Promise<void>;
}

export function createTurns(): Turns {
  const busy = new Map<string, { stop(): void; over: Promise<void> }>();
  return {
    taken: (id) => busy.has(id),
    idle: async () => {
      for (const { over } of busy.values()) await over;
    },
    take: async (id, stop, work) => {
      for (let other = busy.get(id); other; other = busy.get(id)) {
        other.stop();
        await other.over;
      }
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      busy.set(id, { stop, over });
      try {
        return await work();
      } finally {
        busy.delete(id);
        end();
      }
    },
  };
}
