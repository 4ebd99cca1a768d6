type Environment = Readonly<Record<string, string | undefined>>;

const protocols = ['http/protobuf', 'http/json', 'grpc'] as const;

/**
 * What OpenTelemetry's standard settings ask for (OpenTelemetry, "Environment Variable Specification" and "OTLP Exporter
 * Configuration"). Only an endpoint starts it: without one nothing of it is loaded. The rest of them it reads itself.
 */
export interface Otlp {
  readonly traces: boolean;
  /** Undefined: they are not pushed. */
  readonly metrics:
    | {
        readonly protocol: (typeof protocols)[number];
        readonly intervalMs: number;
        readonly timeoutMs: number;
      }
    | undefined;
}

/** Undefined: nothing is asked for. */
export function otlpOf(env: Environment): Otlp | undefined {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined;
  const wants = (signal: 'TRACES' | 'METRICS') => {
    const endpoint = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] || env.OTEL_EXPORTER_OTLP_ENDPOINT;
    const exporters = (env[`OTEL_${signal}_EXPORTER`] || 'otlp').split(',').map((one) => one.trim());
    return Boolean(endpoint?.trim()) && exporters.includes('otlp');
  };
  const traces = wants('TRACES');
  const protocol = env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL;
  const metrics = wants('METRICS')
    ? {
        protocol: protocols.find((one) => one === protocol?.trim()) ?? 'http/protobuf',
        intervalMs: milliseconds(env.OTEL_METRIC_EXPORT_INTERVAL, 60_000),
        timeoutMs: milliseconds(env.OTEL_METRIC_EXPORT_TIMEOUT, 30_000),
      }
    : undefined;
  return traces || metrics ? { traces, metrics } : undefined;
}

/** What cannot be read counts as not set, as the specification has it. */
function milliseconds(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 && value < 2 ** 31 ? value : otherwise;
}
