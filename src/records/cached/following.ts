import type { ChangeFeed, Named } from '../changes.ts';

/** What a cache knows of the changes that others make, by its own clock. */
export interface Following {
  /** Begins, a moment from now, unless it has: nobody who waits for a first answer is to wait for this. */
  begin(): void;
  /** Whether every change since then is told here, once `isProven`. */
  covers(since: number): boolean;
  /** Whether that was asked for less than five seconds ago. */
  isProven(): boolean;
  /** Asks, once for all who want to know. Rejects with StoreDown. */
  prove(): Promise<void>;
}

export interface FollowingOptions {
  readonly clock: () => Date;
  readonly heard: (changes: readonly Named[]) => void;
  /** Nobody tells any more: until it is listened again changes are only asked for. */
  readonly onSilence?: (error: Error) => void;
}

/** How old an answer may be, and so the proof that nothing has changed since. */
const proofMs = 5000;
/** After the first read, so that its answer is on its way. */
const pauseMs = 500;

/**
 * A proof is an answer to a question of our own, and as old as that question. Nothing that is heard is one: on a connection that
 * swallows everything, and after this process was frozen, all is as quiet as when nothing happens. So listening makes
 * changes known sooner, and no promise rests on it; a process that was frozen wakes with a proof that is too old.
 */
export function follow(feed: ChangeFeed, { clock, heard, onSilence }: FollowingOptions): Following {
  let mark: string | undefined;
  let complete = Number.POSITIVE_INFINITY;
  let proven = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  let begun = false;
  let listening = false;
  const now = () => clock().getTime();

  async function ask(): Promise<void> {
    const asked = now();
    const answer = await feed.since(mark);
    mark = answer.mark;
    // What was known before is as good as it was, for a while; but nobody will tell when it is not any more.
    if (answer.changes === 'lost') complete = now();
    else heard(answer.changes);
    proven = asked;
    if (listening) return;
    listening = true;
    feed.listen(mark, heard, (error) => {
      listening = false;
      if (error) onSilence?.(error);
    });
  }

  const prove = () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  return {
    begin() {
      if (begun) return;
      begun = true;
      const first = () =>
        prove().catch(() => {
          begun = false;
        });
      setTimeout(first, pauseMs).unref();
    },
    covers: (since) => since > complete,
    isProven: () => now() >= proven && now() - proven < proofMs,
    prove,
  };
}
