import { type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

/** What the standard settings say of metrics: OTEL_EXPORTER_OTLP_[METRICS_]PROTOCOL, OTEL_METRIC_EXPORT_INTERVAL and ..._TIMEOUT. */
export interface MetricPush {
  readonly protocol: 'http/protobuf' | 'http/json' | 'grpc';
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Sends what the producer has, again and again. Where to, its exporter reads from the standard settings. */
export async function metricReader(
  { protocol, intervalMs, timeoutMs }: MetricPush,
  producer: MetricProducer,
) {
  return new PeriodicExportingMetricReader({
    exporter: await exporterFor(protocol),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
    metricProducers: [producer],
  });
}

async function exporterFor(protocol: MetricPush['protocol']) {
  switch (protocol) {
    case 'grpc':
      return new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter();
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter();
  }
}
