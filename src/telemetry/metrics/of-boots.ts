import type Registry from 'prom-client/lib/registry.js';
import { type Counted, counted } from './counted.ts';

/** What machines do, and what became of it. */
export interface BootMetrics {
  /** `written`; `folded`, which is only counted in its boot, for it came too fast; or `lost`. */
  readonly bootEvents: Counted<'stage' | 'outcome'>;
  readonly rolloutsHalted: Counted;
}

/** Stages that have their places, whatever else machines report. */
const stages = ['script', 'asset', 'up', 'installed', 'failed'];

export function bootMetrics(registry: Registry): BootMetrics {
  return {
    bootEvents: counted(registry, {
      name: 'bootbroker_boot_events_total',
      help: 'Steps of boots by stage: written, folded into a number because they came too fast, or lost',
      labels: ['stage', 'outcome'],
      zero: stages.flatMap((stage) => ['written', 'lost'].map((outcome) => ({ stage, outcome }))),
    }),
    rolloutsHalted: counted(registry, {
      name: 'bootbroker_rollouts_halted_total',
      help: 'Roll-outs that were halted because their machines stopped reporting in',
    }),
  };
}
