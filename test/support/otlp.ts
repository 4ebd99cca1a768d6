import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { until } from './http.ts';
import type { Owner } from './owner.ts';

/** A span as a receiver has it. Ids are hexadecimal, times in ns since 1970. */
export interface Received {
  readonly service: string;
  readonly resource: Attributes;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client (opentelemetry-proto, SpanKind). */
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: an error. */
  readonly status: { readonly code: number; readonly message: string };
}

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A metric as a receiver has it. */
export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly {
    readonly attributes: Attributes;
    readonly value?: number;
    readonly count?: number;
    readonly sum?: number;
    readonly counts?: readonly number[];
    readonly bounds?: readonly number[];
  }[];
}

export interface Receiver {
  readonly port: number;
  readonly endpoint: string;
  readonly spans: Received[];
  /** The last that came of each. */
  readonly metrics: Map<string, ReceivedMetric>;
  /** How often somebody connected and asked. */
  asked(): number;
  /** The first span that is so; waits for it. */
  span(is: (span: Received) => boolean): Promise<Received>;
}

export interface ReceiverOptions {
  /** Unless given, a loopback address and any port. */
  readonly host?: string;
  readonly port?: number;
  /** What it answers; 200 unless told otherwise. `hang`: nothing, ever. */
  readonly answer?: () => number | 'hang';
}

const root = protobuf.parse(readFileSync(join(import.meta.dirname, 'otlp.proto'), 'utf8')).root;
const types = {
  '/v1/traces': root.lookupType('otlp.TracesData'),
  '/v1/metrics': root.lookupType('otlp.MetricsData'),
};

/** An OTLP receiver (http/protobuf, and http/json for spans), whose decoder is not the exporter's. */
export async function otlpReceiver(t: Owner, options: ReceiverOptions = {}): Promise<Receiver> {
  const { host = '127.0.0.1', port = 0, answer = () => 200 } = options;
  const spans: Received[] = [];
  const metrics = new Map<string, ReceivedMetric>();
  let asked = 0;
  const server = createServer(async (request, response) => {
    asked += 1;
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    const status = answer();
    if (status === 'hang') return;
    const type = types[request.url as keyof typeof types];
    if (status === 200 && type) {
      const isJson = request.headers['content-type']?.startsWith('application/json');
      const said = isJson ? fromJson(body) : plain(type.decode(body), type);
      spans.push(...spansOf(said));
      for (const metric of metricsOf(said)) metrics.set(metric.name, metric);
    }
    response.writeHead(type ? status : 404, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    endpoint: `http://${host}:${bound}`,
    spans,
    metrics,
    asked: () => asked,
    async span(is) {
      await until(() => spans.some(is));
      return spans.find(is) as Received;
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what a message holds is known from its .proto alone
type Message = any;

function plain(message: protobuf.Message, type: protobuf.Type): Message {
  return type.toObject(message, { longs: String, bytes: Buffer, defaults: true, arrays: true });
}

/** OTLP's own JSON: ids in hexadecimal, not in base64 (OTLP, "JSON Protobuf Encoding"). */
function fromJson(body: Buffer): Message {
  const said: Message = JSON.parse(body.toString());
  const ids = (one: Message) => {
    for (const name of ['traceId', 'spanId', 'parentSpanId'])
      if (one[name] !== undefined) one[name] = Buffer.from(one[name], 'hex');
    for (const link of one.links ?? []) ids(link);
    return one;
  };
  for (const { scopeSpans } of said.resourceSpans ?? [])
    for (const { spans } of scopeSpans) for (const span of spans) ids(span);
  return said;
}

function spansOf({ resourceSpans = [] }: Message): Received[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }: Message) => {
    const about = attributesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }: Message) => spans.map((span: Message) => spanOf(span, about)));
  });
}

function spanOf(span: Message, resource: Attributes): Received {
  return {
    service: String(resource['service.name']),
    resource,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    name: span.name,
    kind: span.kind,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    links: (span.links ?? []).map((link: Message) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
    })),
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
  };
}

function metricsOf({ resourceMetrics = [] }: Message): ReceivedMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics }: Message) =>
    scopeMetrics.flatMap(({ metrics }: Message) => metrics.map(metricOf)),
  );
}

function metricOf(metric: Message): ReceivedMetric {
  const kind = (['gauge', 'sum', 'histogram'] as const).find((one) => metric[one]) ?? 'gauge';
  return {
    name: metric.name,
    unit: metric.unit,
    kind,
    points: metric[kind].dataPoints.map((point: Message) => ({
      attributes: attributesOf(point.attributes),
      ...(kind === 'histogram'
        ? {
            count: Number(point.count),
            sum: point.sum,
            counts: point.bucketCounts.map(Number),
            bounds: point.explicitBounds,
          }
        : { value: Number(point.asDouble ?? point.asInt) }),
    })),
  };
}

function attributesOf(pairs: readonly Message[] = []): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      const { stringValue, boolValue, intValue, doubleValue } = value;
      return [key, stringValue ?? boolValue ?? (intValue === undefined ? doubleValue : Number(intValue))];
    }),
  );
}

function hex(bytes: Buffer | undefined): string {
  return bytes ? Buffer.from(bytes).toString('hex') : '';
}
