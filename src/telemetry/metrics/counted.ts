import Counter from 'prom-client/lib/counter.js';
import type Registry from 'prom-client/lib/registry.js';
import { Labelled, type Labels } from './labelled.ts';

/** Something that is counted, by labels. */
export interface Counted<Label extends string = never> {
  /** Adds one, or `by`. */
  inc(labels: Labels<Label>, by?: number): void;
}

export interface CountedOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  /** What is there from the start, at zero: of what appears at one, no increase is seen. */
  readonly zero?: readonly Labels<Label>[];
}

/** A counter whose labels are bounded. prom-client hears of its values when somebody asks for them. */
export function counted<Label extends string = never>(
  registry: Registry,
  { name, help, labels: labelNames = [], zero = [] }: CountedOptions<Label>,
): Counted<Label> {
  const counts = new Labelled(labelNames, () => ({ value: 0 }));
  for (const labels of zero) counts.at(labels);
  const counter: Counter<Label> = new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      counter.reset();
      for (const [labels, { value }] of counts.entries()) counter.inc({ ...labels }, value);
    },
  });
  return {
    inc(labels, by = 1) {
      counts.at(labels).value += by;
    },
  };
}
