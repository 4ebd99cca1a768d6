import { type HrTime, ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricValues } from '../metrics.ts';

/** What the registry of `/metrics` has, for OTLP: the same names, labels and numbers, counted since the process began. */
export function prometheusProducer(values: () => Promise<readonly MetricValues[]>): MetricProducer {
  const startTime = hrTime(performance.timeOrigin);
  return {
    async collect() {
      const times = { startTime, endTime: hrTime(Date.now()) };
      const metrics = (await values()).flatMap((metric) => metricData(metric, times) ?? []);
      return {
        resourceMetrics: {
          resource: emptyResource(),
          scopeMetrics: [{ scope: { name: 'bootbroker' }, metrics }],
        },
        errors: [],
      };
    },
  };
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** Undefined: OTLP has no such kind of its own. */
function metricData(metric: MetricValues, times: Times): MetricData | undefined {
  const { name, help, type, values } = metric;
  // What was not measured yet is no number, which JSON does not know.
  const known = values.filter(({ value }) => Number.isFinite(value));
  const points = () => known.map(({ labels, value }) => ({ ...times, attributes: { ...labels }, value }));
  const about = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (type === 'counter')
    return { ...about, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() };
  if (type === 'gauge') return { ...about, dataPointType: DataPointType.GAUGE, dataPoints: points() };
  if (type === 'histogram')
    return { ...about, dataPointType: DataPointType.HISTOGRAM, dataPoints: histograms(metric, times) };
  return undefined;
}

/** Prometheus counts in each bucket those of the smaller ones, too (`le`); OTLP does not. */
function histograms({ name, values }: MetricValues, times: Times): DataPoint<Histogram>[] {
  const series = new Map<
    string,
    { labels: Labels; bounds: number[]; below: number[]; sum: number; count: number }
  >();
  for (const { metricName, labels, value } of values) {
    const { le, ...own } = labels;
    const key = JSON.stringify(own);
    const one = series.get(key) ?? { labels: own, bounds: [], below: [], sum: 0, count: 0 };
    series.set(key, one);
    if (metricName === `${name}_sum`) one.sum = value;
    else if (metricName === `${name}_count`) one.count = value;
    else if (le !== '+Inf') {
      one.bounds.push(Number(le));
      one.below.push(value);
    }
  }
  return [...series.values()].map(({ labels, bounds, below, sum, count }) => ({
    ...times,
    attributes: labels,
    value: {
      buckets: { boundaries: bounds, counts: [...below, count].map((upTo, n) => upTo - (below[n - 1] ?? 0)) },
      sum,
      count,
    } as Histogram,
  }));
}

type Labels = Readonly<Record<string, string | number>>;

/** UCUM's, as the name has it in Prometheus' words. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 's';
  return /_bytes(_total)?$/.test(name) ? 'By' : '';
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}
