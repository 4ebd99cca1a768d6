/** Counts the transfers under way, in all and by source, against their limits. */
export class StreamSlots {
  readonly #bySource = new Map<string, number>();
  readonly #limits: { readonly total: number; readonly perSource: number };
  #total = 0;

  constructor(limits: { total: number; perSource: number }) {
    this.#limits = limits;
  }

  /** Takes a place; undefined when there is none. What it returns gives the place back, once. */
  take(source: string): (() => void) | undefined {
    const held = this.#bySource.get(source) ?? 0;
    if (this.#total >= this.#limits.total || held >= this.#limits.perSource) return undefined;
    this.#total += 1;
    this.#bySource.set(source, held + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#total -= 1;
      const left = (this.#bySource.get(source) ?? 1) - 1;
      if (left === 0) this.#bySource.delete(source);
      else this.#bySource.set(source, left);
    };
  }
}
