import test from 'ava';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { MetricValues } from '../../src/telemetry/metrics.ts';
import { prometheusProducer } from '../../src/telemetry/traces/prometheus-producer.ts';

/** What is told of a registry, by name. */
async function told(registry: Registry) {
  const values = async () => (await registry.getMetricsAsJSON()) as unknown as MetricValues[];
  const { resourceMetrics } = await prometheusProducer(values).collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
}

test('counters and gauges keep their labels and numbers; what is no number yet is left out', async (t) => {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'x_bytes_total', help: 'Bytes', labelNames: ['plan'], registers });
  const gauge = new Gauge({ name: 'y_seconds', help: 'Lag', labelNames: ['of'], registers });
  counter.inc({ plan: 'stream' }, 7);
  gauge.set({ of: 'mean' }, Number.NaN); // as node has it before it has measured; JSON knows no such number
  gauge.set({ of: 'max' }, 0.5);
  const metrics = await told(registry);
  const points = (name: string) =>
    metrics.get(name)?.dataPoints.map(({ attributes, value }) => ({ attributes, value }));
  t.deepEqual(points('x_bytes_total'), [{ attributes: { plan: 'stream' }, value: 7 }]);
  t.like(metrics.get('x_bytes_total'), { isMonotonic: true, descriptor: { unit: 'By' } });
  t.deepEqual(points('y_seconds'), [{ attributes: { of: 'max' }, value: 0.5 }]);
});

test('a histogram counts each value in one bucket, by its labels', async (t) => {
  const registry = new Registry();
  const options = { name: 'x_seconds', help: 'Time', labelNames: ['route'], buckets: [1, 2, 5] };
  const histogram = new Histogram({ ...options, registers: [registry] });
  for (const value of [0.5, 1, 1.5, 9, 10]) histogram.observe({ route: '/a' }, value);
  histogram.observe({ route: '/b' }, 3);
  const points = (await told(registry)).get('x_seconds')?.dataPoints ?? [];
  t.deepEqual(
    points.map(({ attributes, value }) => ({ attributes, value })),
    [
      {
        attributes: { route: '/a' },
        value: { buckets: { boundaries: [1, 2, 5], counts: [2, 1, 0, 2] }, sum: 22, count: 5 },
      },
      {
        attributes: { route: '/b' },
        value: { buckets: { boundaries: [1, 2, 5], counts: [0, 0, 1, 0] }, sum: 3, count: 1 },
      },
    ],
  );
});
