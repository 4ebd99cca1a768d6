/** Over so long the throughput of a transfer is judged. */
const usualWindowMs = 60_000;
/** How often in that time it is looked at. */
const looks = 6;

interface Mark {
  readonly at: number;
  readonly bytes: number;
}

/** What moves, and may be too slow. */
export interface Moving {
  /** Bytes that it has moved so far. */
  moved(): number;
}

export interface PaceOptions {
  /** Bits per second; 0: nobody is too slow. */
  readonly floor: number;
  readonly windowMs?: number;
}

/** Knows who of several transfers moved least in the last minute. It cuts nobody. */
export class Pace<One extends Moving> {
  readonly #floor: number;
  readonly #windowMs: number;
  readonly #marks = new Map<One, Mark[]>();
  #looking: NodeJS.Timeout | undefined;
  #nobodyUntil = 0;

  constructor({ floor, windowMs = usualWindowMs }: PaceOptions) {
    this.#floor = floor / 8;
    this.#windowMs = windowMs;
  }

  begin(one: One): void {
    this.#marks.set(one, [{ at: performance.now(), bytes: one.moved() }]);
    this.#looking ??= setInterval(() => this.#look(), this.#windowMs / looks).unref();
  }

  end(one: One): void {
    this.#marks.delete(one);
    if (this.#marks.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** The slowest of those that were under the floor for a whole window. A crowd that asks in vain is not looked through for each. */
  slowest(judges: (one: One) => boolean): One | undefined {
    const now = performance.now();
    if (this.#floor === 0 || now < this.#nobodyUntil) return undefined;
    let slowest: One | undefined;
    let least = this.#floor;
    for (const [one, [first]] of this.#marks) {
      if (!first || now - first.at < this.#windowMs) continue;
      const bytesPerSecond = ((one.moved() - first.bytes) * 1000) / (now - first.at);
      if (!(bytesPerSecond < least) || !judges(one)) continue;
      slowest = one;
      least = bytesPerSecond;
    }
    if (!slowest) this.#nobodyUntil = now + this.#windowMs / (10 * looks);
    return slowest;
  }

  /** Keeps one mark that is older than the window, and those in it. */
  #look(): void {
    const at = performance.now();
    for (const [one, marks] of this.#marks) {
      marks.push({ at, bytes: one.moved() });
      while (marks[1] && at - marks[1].at >= this.#windowMs) marks.shift();
    }
  }
}
