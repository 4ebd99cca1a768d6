/** Below so many places an eighth of them is none: there everybody may have all. */
const fewest = 8;

/**
 * Places of one kind, counted by source. While more than half are taken, a source gets an eighth of them and no more: two
 * or three hosts never have them all.
 */
export class Shares {
  readonly total: number;
  readonly #perSource: number;
  readonly #bySource = new Map<string, number>();
  #taken = 0;

  constructor({ total, perSource = total }: { total: number; perSource?: number }) {
    this.total = total;
    this.#perSource = perSource;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Whether the source may have one more, where there is one. */
  allows(source: string): boolean {
    const held = this.#bySource.get(source) ?? 0;
    const isRoomy = this.total < fewest || this.#taken * 2 <= this.total;
    return held < this.#perSource && (isRoomy || held < Math.floor(this.total / 8));
  }

  /** Takes a place, for nobody in particular where no source is given. */
  add(source?: string): void {
    this.#taken += 1;
    if (source !== undefined) this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + 1);
  }

  remove(source?: string): void {
    this.#taken -= 1;
    if (source === undefined) return;
    const left = (this.#bySource.get(source) ?? 1) - 1;
    if (left === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, left);
  }
}
