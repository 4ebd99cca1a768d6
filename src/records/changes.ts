/** A document that was changed; only of the kinds that booting reads, and that are therefore kept in caches. */
export interface Named {
  readonly kind: 'machine' | 'rule' | 'profile' | 'asset';
  readonly id: string;
}

/** What others change in the store, as far as it says so. */
export interface ChangeFeed {
  /**
   * What was changed since `mark`, in one read of the store; `lost` when that can not be told any more, as without a mark. Every change
   * whose commit had answered before the read began is told, once. Rejects with StoreDown.
   */
  since(
    mark: string | undefined,
  ): Promise<{ readonly changes: readonly Named[] | 'lost'; readonly mark: string }>;
  /**
   * Tells of changes within moments, once each, as long as it can. That it tells nothing proves nothing: a connection that
   * swallows everything looks like one on which nothing happens. `ended` when it tells no more, with the fault if it was one.
   */
  listen(mark: string, told: (changes: readonly Named[]) => void, ended: (error?: Error) => void): void;
}
