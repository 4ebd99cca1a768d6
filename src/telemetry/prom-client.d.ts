/** The package's own classes, each by itself: it types only the whole. */
declare module 'prom-client/lib/counter.js' {
  export { Counter as default } from 'prom-client';
}
declare module 'prom-client/lib/gauge.js' {
  export { Gauge as default } from 'prom-client';
}
declare module 'prom-client/lib/histogram.js' {
  export { Histogram as default } from 'prom-client';
}
declare module 'prom-client/lib/registry.js' {
  export { Registry as default } from 'prom-client';
}
declare module 'prom-client/lib/metrics/*.js' {
  import type { DefaultMetricsCollectorConfiguration, Registry, RegistryContentType } from 'prom-client';
  /** Adds to the registry what it says of the process. */
  export default function collect(
    registry: Registry,
    config: Pick<DefaultMetricsCollectorConfiguration<RegistryContentType>, 'eventLoopMonitoringPrecision'>,
  ): void;
}
