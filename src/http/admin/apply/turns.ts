export interface TurnLimits {
  /** How long anybody waits for a turn, in milliseconds. */
  readonly waitMs: number;
  /** How many wait at once; and how many of these may be of one caller. */
  readonly mostWaiting: number;
  readonly mostOfOne: number;
}

interface Waiting {
  readonly who: string;
  begin(): void;
}

/** One at a time; among those who wait, whoever had no turn just now comes first, so that nobody keeps it for themselves. */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #waiting = new Set<Waiting>();
  #busy = false;
  #last: string | undefined;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** Resolves to what ends the turn; to undefined when there is no room, when it takes too long, or when they have left. */
  async take(who: string, left: AbortSignal): Promise<(() => void) | undefined> {
    const { waitMs, mostWaiting, mostOfOne } = this.#limits;
    if (left.aborted) return undefined;
    if (!this.#busy) return this.#begin(who);
    const others = [...this.#waiting];
    if (others.length >= mostWaiting || others.filter((one) => one.who === who).length >= mostOfOne)
      return undefined;
    const { promise, resolve } = Promise.withResolvers<(() => void) | undefined>();
    const waiting: Waiting = { who, begin: () => resolve(this.#begin(who)) };
    this.#waiting.add(waiting);
    const leave = () => {
      if (this.#waiting.delete(waiting)) resolve(undefined);
    };
    const timer = setTimeout(leave, waitMs);
    left.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      left.removeEventListener('abort', leave);
    }
  }

  #begin(who: string): () => void {
    this.#busy = true;
    this.#last = who;
    return () => this.#end();
  }

  #end(): void {
    this.#busy = false;
    const all = [...this.#waiting];
    const next = all.find(({ who }) => who !== this.#last) ?? all[0];
    if (!next) return;
    this.#waiting.delete(next);
    next.begin();
  }
}
