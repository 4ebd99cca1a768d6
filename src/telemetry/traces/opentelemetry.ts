import { setTimeout as sleep } from 'node:timers/promises';
import { DiagLogLevel, diag, type ProxyTracerProvider, trace } from '@opentelemetry/api';
import {
  envDetector,
  hostDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import manifest from '../../../package.json' with { type: 'json' };
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { traceparent } from '../trace.ts';
import type { Tracing } from '../tracing.ts';
import { Complaints } from './complaints.ts';
import { LateSpan } from './late-span.ts';
import { type MetricPush, metricReader } from './metric-reader.ts';
import { prometheusProducer } from './prometheus-producer.ts';
import { openScope } from './scope.ts';
import { GivenIds, SpanWriter } from './span-writer.ts';
import { StorageCallers, storageSpan } from './storage-spans.ts';

/** How long an answer waits until its spans have left, in ms. */
const flushMs = 500;
/** After a receiver did not take them in time, no answer waits for it, in ms. */
const flushPauseMs = 10_000;
/** How long the end of the program waits for the receiver, in ms. */
const closeMs = 3_000;

/** What is asked of OpenTelemetry. Where to, and how much of it, it reads from its own standard settings. */
export interface Telling {
  readonly traces: boolean;
  /** Undefined: no metrics. */
  readonly metrics: MetricPush | undefined;
  /** Whether timers stand still between requests. */
  readonly leavesWithAnswers: boolean;
}

export interface OpenTelemetry {
  /** Undefined: only metrics are asked for. */
  readonly tracing: Tracing | undefined;
  /** Where complaints go, and whose values metrics have: both open later than this. */
  attach(parts: { readonly log: Log; readonly metrics: Metrics }): void;
  /** Sends what waits, for three seconds at most. Never rejects. */
  close(): Promise<void>;
}

/** Starts OpenTelemetry's SDK. It looks at no module and changes none: all spans are ours. */
export async function openTelemetry(telling: Telling): Promise<OpenTelemetry> {
  const complaints = new Complaints();
  diag.setLogger(complaints, { logLevel: DiagLogLevel.WARN });
  const ids = new GivenIds();
  let metrics: Metrics | undefined;
  const producer = prometheusProducer(async () => metrics?.values() ?? []);
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': 'bootbroker',
      'service.version': manifest.version,
    }),
    // Not the process itself: its command line may hold secrets.
    resourceDetectors: [serviceInstanceIdDetector, hostDetector, envDetector],
    idGenerator: ids,
    metricReaders: telling.metrics ? [await metricReader(telling.metrics, producer)] : [],
    logRecordProcessors: [],
    ...(!telling.traces && { spanProcessors: [] }),
  });
  sdk.start();
  return {
    tracing: telling.traces ? tracingBy(ids, telling) : undefined,
    attach(parts) {
      metrics = parts.metrics;
      complaints.tellTo(parts.log);
    },
    async close() {
      const told = new AbortController();
      const late = sleep(closeMs, undefined, { signal: told.signal }).catch(() => {});
      await Promise.race([sdk.shutdown().catch(() => {}), late]);
      told.abort();
    },
  };
}

function tracingBy(ids: GivenIds, { leavesWithAnswers }: Telling): Tracing {
  const provider = (trace.getTracerProvider() as ProxyTracerProvider).getDelegate();
  const writer = new SpanWriter(provider.getTracer('bootbroker', manifest.version), ids);
  const scope = openScope(
    (span, noted) => writer.writeNoted(span, noted),
    (span) => writer.isWritten(span),
  );
  const callers = new StorageCallers();
  const { forceFlush } = provider as { forceFlush?: () => Promise<void> };
  let pausedUntil = 0;
  return {
    ...scope,
    leavesWithAnswers,
    traceparent() {
      const header = scope.traceparent();
      if (header) callers.named(header);
      return header;
    },
    begin: () => new LateSpan(),
    believe(span, remote, follows) {
      span.remote = remote;
      span.remoteFollows = follows;
      if (remote.spanId) callers.named(traceparent({ ...remote, spanId: remote.spanId }));
    },
    redirected: (span, path, client, peer) => callers.sent(path, client, peer, span.ref),
    end(span, ended) {
      writer.write(span, ended);
    },
    async job(name, work) {
      const span = new LateSpan();
      let failure: string | undefined;
      try {
        return await scope.run(span, work);
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
        throw error;
      } finally {
        writer.write(span, { name, kind: 'internal', attributes: { 'bootbroker.job': name }, failure });
      }
    },
    storageServed(served) {
      for (const one of served) {
        const caller = callers.of(one);
        if (!caller) continue;
        const { name, attributes, ...ended } = storageSpan(one);
        const span = new LateSpan(one);
        span.remote = caller.span;
        const inferred = caller.inferred && { 'bootbroker.inferred': true };
        writer.write(span, { name, attributes: { ...attributes, ...inferred }, ...ended });
      }
    },
    async flush() {
      if (!forceFlush || performance.now() < pausedUntil) return;
      const flushed = forceFlush.call(provider).then(
        () => true,
        () => false,
      );
      const inTime = await Promise.race([flushed, sleep(flushMs, false, { ref: false })]);
      if (!inTime) pausedUntil = performance.now() + flushPauseMs;
    },
  };
}
