import Histogram from 'prom-client/lib/histogram.js';
import type Registry from 'prom-client/lib/registry.js';
import { Labelled, type Labels } from './labelled.ts';

/** Something that is measured again and again, by labels. */
export interface Observed<Label extends string = never> {
  observe(labels: Labels<Label>, value: number): void;
}

export interface ObservedOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  readonly buckets: readonly number[];
}

/** A histogram whose labels are bounded. */
export function observed<Label extends string = never>(
  registry: Registry,
  { name, help, labels: labelNames = [], buckets }: ObservedOptions<Label>,
): Observed<Label> {
  const histogram = new Histogram({
    name,
    help,
    labelNames: [...labelNames],
    buckets: [...buckets],
    registers: [registry],
  });
  const series = new Labelled(labelNames, (labels) => histogram.labels(labels));
  return {
    observe(labels, value) {
      series.at(labels).observe(value);
    },
  };
}
