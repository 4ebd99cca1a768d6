import test from 'ava';
import { otlpOf } from '../../src/config/otlp.ts';

const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';
const pushed = { protocol: 'http/protobuf', intervalMs: 60_000, timeoutMs: 30_000 };

test('only an endpoint asks for traces and metrics, and the standard settings take each back', (t) => {
  t.is(otlpOf({}), undefined);
  t.is(otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }), undefined);
  t.is(otlpOf({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SERVICE_NAME: 'x' }), undefined);
  t.deepEqual(otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT }), { traces: true, metrics: pushed });
  t.deepEqual(otlpOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:1' }), {
    traces: true,
    metrics: undefined,
  });
  t.deepEqual(otlpOf({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:1' }), {
    traces: false,
    metrics: pushed,
  });
  t.deepEqual(otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_METRICS_EXPORTER: 'none' }), {
    traces: true,
    metrics: undefined,
  });
  t.deepEqual(otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }), {
    traces: false,
    metrics: pushed,
  });
  for (const OTEL_SDK_DISABLED of ['true', ' TRUE '])
    t.is(otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED }), undefined);
  t.truthy(otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'yes' }), 'as the specification has it');
});

test('metrics follow the protocol and the pace of the standard settings; what cannot be read is not set', (t) => {
  const metrics = (env: Record<string, string>) => otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT, ...env })?.metrics;
  t.is(metrics({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })?.protocol, 'grpc');
  const both = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' };
  t.is(metrics(both)?.protocol, 'http/json');
  t.is(metrics({ OTEL_EXPORTER_OTLP_PROTOCOL: 'smoke' })?.protocol, 'http/protobuf');
  t.is(metrics({ OTEL_METRIC_EXPORT_INTERVAL: '5000' })?.intervalMs, 5_000);
  for (const wrong of ['x', '-1', '0', '1e99'])
    t.is(metrics({ OTEL_METRIC_EXPORT_INTERVAL: wrong })?.intervalMs, 60_000);
});
