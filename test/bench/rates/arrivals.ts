/**
 * Requests that come at a fixed rate, whether or not earlier ones were answered (an open loop). How long one took counts from when it
 * was due: one that had to wait for a connection, because others were slow, has waited, too (coordinated omission).
 */
export class Arrivals {
  readonly #started: number;
  readonly #perMs: number;
  readonly #total: number;
  readonly #took: number[] = [];
  #begun = 0;

  /** `total` requests, `perSecond` of them in each second from `started` on, which is in ms as are all times here. */
  constructor(started: number, perSecond: number, total: number) {
    this.#started = started;
    this.#perMs = perSecond / 1000;
    this.#total = total;
  }

  /** When the next request was due, if it is by now; it has begun then. */
  begin(now: number): number | undefined {
    const due = this.#started + this.#begun / this.#perMs;
    if (this.#begun === this.#total || due > now) return undefined;
    this.#begun += 1;
    return due;
  }

  end(due: number, now: number): void {
    this.#took.push(now - due);
  }

  get areDone(): boolean {
    return this.#took.length === this.#total;
  }

  /** By each request, in the order of their ends. */
  get took(): readonly number[] {
    return this.#took;
  }
}
