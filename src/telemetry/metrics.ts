import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';

/** What the broker counts. Labels are routes, rows and plans, never names or ids: their number is bounded. */
export interface Metrics {
  readonly requests: Counter<'plane' | 'route' | 'method' | 'status' | 'plan'>;
  readonly seconds: Histogram<'plane' | 'route'>;
  readonly firstByteSeconds: Histogram<'plan'>;
  readonly bytes: Counter<'plan'>;
  readonly streams: Gauge<never>;
  readonly streamsGaveWay: Counter<never>;
  readonly turnedConnections: Counter<'listener' | 'reason'>;
  readonly leftOutLines: Counter<'plane'>;
  readonly resumes: Counter<never>;
  readonly clients: Counter<'client' | 'plan'>;
  readonly faults: Counter<'store'>;
  readonly edgeRefusals: Counter<'reason'>;
  readonly lostEvents: Counter<never>;
  readonly foldedSteps: Counter<never>;
  readonly reportsRefused: Counter<'by'>;
  readonly diskFull: Gauge<never>;
  readonly staleReads: Counter<'read'>;
  readonly damagedAssets: Gauge<never>;
  readonly scrubbedBytes: Counter<never>;
  /** Prometheus text format 0.0.4. What it says of the process begins with the first time. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function openMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  let ofProcess: Promise<void> | undefined;
  return {
    requests: new Counter({
      name: 'bootbroker_requests_total',
      help: 'Requests answered',
      labelNames: ['plane', 'route', 'method', 'status', 'plan'],
      registers,
    }),
    seconds: new Histogram({
      name: 'bootbroker_request_seconds',
      help: 'Time from a request to the end of its answer',
      labelNames: ['plane', 'route'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
      registers,
    }),
    firstByteSeconds: new Histogram({
      name: 'bootbroker_first_byte_seconds',
      help: 'Time from a request to the first byte of an asset, or to its redirect or handoff',
      labelNames: ['plan'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 5],
      registers,
    }),
    bytes: new Counter({
      name: 'bootbroker_asset_bytes_total',
      help: 'Bytes of assets that the broker itself sent',
      labelNames: ['plan'],
      registers,
    }),
    streams: new Gauge({
      name: 'bootbroker_streams',
      help: 'Transfers that the broker streams now',
      registers,
    }),
    streamsGaveWay: new Counter({
      name: 'bootbroker_streams_gave_way_total',
      help: 'Streams that were cut because their reader was slow and others waited for their place',
      registers,
    }),
    turnedConnections: new Counter({
      name: 'bootbroker_connections_turned_away_total',
      help: 'Connections that a listener refused (network, source, full), or ended so that another could come (idle, slow)',
      labelNames: ['listener', 'reason'],
      registers,
    }),
    leftOutLines: new Counter({
      name: 'bootbroker_log_lines_left_out_total',
      help: 'Lines about refused clients that the log left out: it has one of each source in a minute',
      labelNames: ['plane'],
      registers,
    }),
    resumes: new Counter({
      name: 'bootbroker_stream_resumes_total',
      help: 'Times that a stream went on after the storage had broken off, stalled or refused',
      registers,
    }),
    clients: new Counter({
      name: 'bootbroker_deliveries_total',
      help: 'Assets delivered, by row of the client table',
      labelNames: ['client', 'plan'],
      registers,
    }),
    faults: new Counter({
      name: 'bootbroker_store_faults_total',
      help: 'Requests that failed because a store did not answer',
      labelNames: ['store'],
      registers,
    }),
    edgeRefusals: new Counter({
      name: 'bootbroker_edge_refusals_total',
      help: 'Requests without a valid X-Boot-Edge, where edge keys are set',
      labelNames: ['reason'],
      registers,
    }),
    lostEvents: new Counter({
      name: 'bootbroker_boot_events_lost_total',
      help: 'Boot events that could not be written',
      registers,
    }),
    foldedSteps: new Counter({
      name: 'bootbroker_boot_steps_folded_total',
      help: 'Steps of boots that came too fast, of which only the number was written',
      registers,
    }),
    reportsRefused: new Counter({
      name: 'bootbroker_reports_refused_total',
      help: 'Reports that came too fast, by what was too fast: a machine or a source',
      labelNames: ['by'],
      registers,
    }),
    diskFull: new Gauge({
      name: 'bootbroker_records_disk_full',
      help: 'Whether the disk of the records has less room than administrators need: 1 or 0',
      registers,
    }),
    staleReads: new Counter({
      name: 'bootbroker_stale_reads_total',
      help: 'Records served although their store did not answer',
      labelNames: ['read'],
      registers,
    }),
    damagedAssets: new Gauge({
      name: 'bootbroker_damaged_assets',
      help: 'Assets whose bytes are lost or changed, as the last round of the jobs role found them',
      registers,
    }),
    scrubbedBytes: new Counter({
      name: 'bootbroker_scrubbed_bytes_total',
      help: 'Bytes of assets that were read to see whether they are still what was verified',
      registers,
    }),
    async text() {
      ofProcess ??= addProcessMetrics(registry);
      await ofProcess;
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** The package as a whole loads more, OpenTelemetry among it, than everything else that a boot needs. */
async function addProcessMetrics(register: Registry): Promise<void> {
  const { collectDefaultMetrics } = await import('prom-client');
  collectDefaultMetrics({ register });
}
