import Registry from 'prom-client/lib/registry.js';
import { type BootMetrics, bootMetrics } from './metrics/of-boots.ts';
import { nodeMetrics, type ProcessMetrics, processMetrics } from './metrics/of-process.ts';
import { type RequestMetrics, requestMetrics } from './metrics/of-requests.ts';
import { type StoreMetrics, storeMetrics } from './metrics/of-stores.ts';
import { timed } from './metrics/timed.ts';
import type { Watch } from './watch.ts';

/** What the broker counts and measures. Labels have few values, never names or ids; `docs/operate/metrics.md` has all of them. */
export interface Metrics extends RequestMetrics, BootMetrics, StoreMetrics, ProcessMetrics {
  /** Measures how long stores take. */
  readonly watch: Watch;
  readonly registry: Registry;
  /** Prometheus text format 0.0.4. What it says of Node.js begins with the first time. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The same as numbers. */
  values(): Promise<readonly MetricValues[]>;
}

/** A metric with its values, as prom-client tells them; of a histogram, `metricName` says which of its series one is. */
export interface MetricValues {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

/** `disks`: a folder on each disk whose room is told, by its name. */
export function openMetrics(disks: Readonly<Record<string, string>> = {}): Metrics {
  const registry = new Registry();
  let ofNode: Promise<void> | undefined;
  const counts = { ...requestMetrics(registry), ...bootMetrics(registry), ...storeMetrics(registry) };
  return {
    ...counts,
    ...processMetrics(registry, disks),
    watch: timed(counts),
    registry,
    async text() {
      ofNode ??= nodeMetrics(registry);
      await ofNode;
      return registry.metrics();
    },
    contentType: registry.contentType,
    async values() {
      ofNode ??= nodeMetrics(registry);
      await ofNode;
      return (await registry.getMetricsAsJSON()) as unknown as MetricValues[];
    },
  };
}
