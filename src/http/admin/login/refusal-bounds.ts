/** How many rows of the audit log refusals may make: in an hour, and in the life of this process. */
export interface RefusalBounds {
  readonly perHour: number;
  readonly inAll: number;
}

/** A row is some 0.5 KB: strangers can make 60 KB an hour and 5 MB in all, until the broker starts anew. */
export const strangersBounds: RefusalBounds = { perHour: 120, inAll: 10_000 };
/** Callers who have a token have more room: they can be found, and their token revoked. */
export const knownBounds: RefusalBounds = { perHour: 600, inAll: 100_000 };

const hourMs = 3_600_000;

/** Room for rows, and the count of what found none. */
export class RefusalRoom {
  readonly #bounds: RefusalBounds;
  #hour = 0;
  #inHour = 0;
  #inAll = 0;
  /** Refusals without a row, and when the last of them was (RFC 3339). */
  #missed = { count: 0, at: '' };

  constructor(bounds: RefusalBounds) {
    this.#bounds = bounds;
  }

  /** Whether so many refusals may be one more row at this time, which then counts; if not, they are counted. */
  take(at: string, count: number): boolean {
    const hour = Math.floor(Date.parse(at) / hourMs);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#inHour = 0;
    }
    if (this.#inHour < this.#bounds.perHour && this.#inAll < this.#bounds.inAll) {
      this.#inHour += 1;
      this.#inAll += 1;
      return true;
    }
    this.#missed = { count: this.#missed.count + count, at };
    return false;
  }

  /** What is to be told of those without a row: when there is room for it, or in any case. From then on it counts anew. */
  missed(at: string, inAnyCase = false): { readonly count: number; readonly at: string } | undefined {
    const missed = this.#missed;
    if (missed.count === 0) return undefined;
    this.#missed = { count: 0, at: '' };
    // Without room it is counted again as what it was.
    return this.take(at, missed.count) || inAnyCase ? this.#told(missed) : undefined;
  }

  #told(missed: { readonly count: number; readonly at: string }) {
    this.#missed = { count: 0, at: '' };
    return missed;
  }
}
