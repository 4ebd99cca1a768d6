export type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** Values that a label may have: what comes after them is `other`, however many machines make values up. */
export const mostValues = 100;

type Branch<Leaf> = Map<string, Branch<Leaf> | Leaf>;

/**
 * What is kept for each set of labels. Found by walking maps, label by label: prom-client makes a text of all labels each time,
 * which takes ten times as long, and a boot counts a dozen things.
 */
export class Labelled<Label extends string, Leaf> {
  readonly #names: readonly Label[];
  readonly #make: (labels: Labels<Label>) => Leaf;
  readonly #root: Branch<Leaf> | Leaf;
  readonly #known: readonly Set<string>[];
  readonly #leaves: (readonly [Labels<Label>, Leaf])[] = [];

  constructor(names: readonly Label[], make: (labels: Labels<Label>) => Leaf) {
    this.#names = names;
    this.#make = make;
    this.#known = names.map(() => new Set());
    // Without labels there is one leaf, from the start.
    this.#root = names.length === 0 ? this.#made({} as Labels<Label>) : new Map();
  }

  at(labels: Labels<Label>): Leaf {
    let found: Branch<Leaf> | Leaf | undefined = this.#root;
    for (const name of this.#names) {
      found = (found as Branch<Leaf>).get(labels[name]);
      if (found === undefined) return this.#grown(labels);
    }
    return found as Leaf;
  }

  entries(): readonly (readonly [Labels<Label>, Leaf])[] {
    return this.#leaves;
  }

  /** The leaf for labels of which not all were there yet. */
  #grown(given: Labels<Label>): Leaf {
    const values = this.#names.map((name, n) => this.#bounded(n, given[name]));
    const labels = Object.fromEntries(this.#names.map((name, n) => [name, values[n]])) as Labels<Label>;
    const last = values.pop();
    let branch = this.#root as Branch<Leaf>;
    for (const value of values) {
      const next = (branch.get(value) as Branch<Leaf> | undefined) ?? new Map();
      branch.set(value, next);
      branch = next;
    }
    const leaf = (branch.get(last as string) as Leaf | undefined) ?? this.#made(labels);
    branch.set(last as string, leaf);
    return leaf;
  }

  #made(labels: Labels<Label>): Leaf {
    const leaf = this.#make(labels);
    this.#leaves.push([labels, leaf]);
    return leaf;
  }

  #bounded(n: number, value: string): string {
    const known = this.#known[n];
    if (!known || known.has(value)) return value;
    if (known.size >= mostValues) return 'other';
    known.add(value);
    return value;
  }
}
