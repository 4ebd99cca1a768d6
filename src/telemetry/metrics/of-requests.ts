import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import { type Counted, counted } from './counted.ts';
import { type Observed, observed } from './observed.ts';

/** What is asked of the planes, and how it is answered. */
export interface RequestMetrics {
  readonly requests: Counted<'plane' | 'route' | 'method' | 'status_class' | 'plan'>;
  readonly seconds: Observed<'plane' | 'route' | 'status_class' | 'plan'>;
  readonly firstByteSeconds: Observed<'route' | 'status_class' | 'plan'>;
  readonly bytes: Counted<'plane' | 'route' | 'status_class' | 'plan'>;
  /** Nobody here sees them: whoever was told where they are fetches them. */
  readonly inferredBytes: Counted<'route' | 'plan'>;
  readonly decisions: Counted<'plan' | 'reason'>;
  readonly clients: Counted<'client' | 'plan'>;
  readonly refusals: Counted<'plane' | 'problem'>;
  readonly edgeRefusals: Counted<'reason'>;
  readonly reportsRefused: Counted<'by'>;
  readonly streams: Gauge<never>;
  readonly streamsGaveWay: Counted;
  readonly turnedConnections: Counted<'listener' | 'reason'>;
  readonly leftOutLines: Counted<'plane'>;
}

/** `2xx`, of a status. */
export function statusClass(status: number): string {
  return classes[Math.floor(status / 100)] ?? 'none';
}
const classes = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

export function requestMetrics(registry: Registry): RequestMetrics {
  return {
    requests: counted(registry, {
      name: 'bootbroker_requests_total',
      help: 'Requests answered',
      labels: ['plane', 'route', 'method', 'status_class', 'plan'],
    }),
    seconds: observed(registry, {
      name: 'bootbroker_request_duration_seconds',
      help: 'Time from a request to the end of its answer',
      labels: ['plane', 'route', 'status_class', 'plan'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    }),
    firstByteSeconds: observed(registry, {
      name: 'bootbroker_time_to_first_byte_seconds',
      help: 'Time from a request for a script or an asset to the first byte of its answer',
      labels: ['route', 'status_class', 'plan'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 5],
    }),
    bytes: counted(registry, {
      name: 'bootbroker_response_bytes_total',
      help: 'Bytes of bodies that the broker itself sent',
      labels: ['plane', 'route', 'status_class', 'plan'],
    }),
    inferredBytes: counted(registry, {
      name: 'bootbroker_inferred_bytes_total',
      help: 'Bytes of assets that clients (redirect) or edges (handoff) were told to fetch from the storage: inferred, not seen',
      labels: ['route', 'plan'],
    }),
    decisions: counted(registry, {
      name: 'bootbroker_decisions_total',
      help: 'Answers by how they come and why',
      labels: ['plan', 'reason'],
    }),
    clients: counted(registry, {
      name: 'bootbroker_deliveries_total',
      help: 'Assets delivered, by row of the client table',
      labels: ['client', 'plan'],
    }),
    refusals: counted(registry, {
      name: 'bootbroker_refusals_total',
      help: 'Requests refused, by problem type',
      labels: ['plane', 'problem'],
    }),
    edgeRefusals: counted(registry, {
      name: 'bootbroker_edge_refusals_total',
      help: 'Requests without a valid X-Boot-Edge, where edge keys are set',
      labels: ['reason'],
    }),
    reportsRefused: counted(registry, {
      name: 'bootbroker_reports_refused_total',
      help: 'Reports that came too fast, by what was too fast: a machine or a source',
      labels: ['by'],
    }),
    streams: new Gauge({
      name: 'bootbroker_streams',
      help: 'Transfers that the broker streams now',
      registers: [registry],
    }),
    streamsGaveWay: counted(registry, {
      name: 'bootbroker_streams_gave_way_total',
      help: 'Streams that were cut because their reader was slow and others waited for their place',
    }),
    turnedConnections: counted(registry, {
      name: 'bootbroker_connections_turned_away_total',
      help: 'Connections that a listener refused (network, source, full), or ended so that another could come (idle, slow)',
      labels: ['listener', 'reason'],
    }),
    leftOutLines: counted(registry, {
      name: 'bootbroker_log_lines_left_out_total',
      help: 'Lines about refused clients that the log left out: it has one of each source in a minute',
      labels: ['plane'],
    }),
  };
}
