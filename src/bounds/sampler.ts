/** One source has one line in so long. */
const usualWindowMs = 60_000;
/** So many sources are told apart in that time; all others are counted alone. */
const mostSources = 1024;

/** What was left out in one window. */
export interface LeftOut {
  readonly lines: number;
  readonly sources: number;
}

/** Chooses which lines about strangers are written: the first of each source in a minute. However many come, it keeps little. */
export class Sampler {
  readonly #onWindowEnd: (left: LeftOut) => void;
  readonly #windowMs: number;
  readonly #lines = new Map<string, number>();
  #leftOut = 0;

  /** `onWindowEnd` hears of windows in which lines were left out, when they are over. */
  constructor(onWindowEnd: (left: LeftOut) => void, windowMs = usualWindowMs) {
    this.#onWindowEnd = onWindowEnd;
    this.#windowMs = windowMs;
  }

  /** Whether this line is one to write. */
  takes(source: string): boolean {
    const before = this.#lines.get(source);
    if (before === undefined && this.#lines.size < mostSources) {
      if (this.#lines.size === 0) setTimeout(() => this.#end(), this.#windowMs).unref();
      this.#lines.set(source, 0);
      return true;
    }
    this.#leftOut += 1;
    if (before !== undefined) this.#lines.set(source, before + 1);
    return false;
  }

  #end(): void {
    const lines = this.#leftOut;
    const sources = [...this.#lines.values()].filter((count) => count > 0).length;
    this.#lines.clear();
    this.#leftOut = 0;
    if (lines > 0) this.#onWindowEnd({ lines, sources });
  }
}
