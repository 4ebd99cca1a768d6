/** A span that somebody else has begun, as a header names it (W3C Trace Context). */
export interface RemoteSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits; undefined: only the trace was named. */
  readonly spanId: string | undefined;
  /** Undefined: nobody has said. */
  readonly sampled: boolean | undefined;
}

/**
 * The span that a request's headers name: by `traceparent` (W3C Trace Context), else by `X-Cloud-Trace-Context:
 * TRACE/SPAN;o=SAMPLED`, the span in decimal (Cloud Trace, trace context). Anybody can write them: who calls this has
 * reason to believe the sender.
 */
export function remoteSpan(header: (name: string) => string): RemoteSpan | undefined {
  const found = parsedTraceparent(header('traceparent')) ?? google(header('x-cloud-trace-context'));
  return found && !isZero(found.traceId) ? found : undefined;
}

/** The fields by which Cloud Logging shows the lines of one trace together (LogEntry, special fields in jsonPayload). */
export function traceFields(
  span: RemoteSpan | undefined,
  project: string | undefined,
): Readonly<Record<string, string | boolean>> {
  if (!span || project === undefined) return {};
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${span.traceId}`,
    ...(span.spanId && { 'logging.googleapis.com/spanId': span.spanId }),
    'logging.googleapis.com/trace_sampled': span.sampled === true,
  };
}

/** The header that names a span. */
export function traceparent({
  traceId,
  spanId,
  sampled = true,
}: RemoteSpan & { readonly spanId: string }): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** What such a header names. */
export function parsedTraceparent(header: string): RemoteSpan | undefined {
  const form = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?=-|$)/;
  const [, traceId, spanId = '', flags = ''] = form.exec(header) ?? [];
  if (traceId === undefined || isZero(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function google(header: string): RemoteSpan | undefined {
  const form = /^([0-9a-f]{32})(?:\/(\d{1,20}))?(?:;o=(\d))?$/i;
  const [, id, span, sampled] = form.exec(header) ?? [];
  if (id === undefined) return undefined;
  const spanId = span && BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0');
  return {
    traceId: id.toLowerCase(),
    spanId: spanId && !isZero(spanId) ? spanId : undefined,
    sampled: sampled === undefined ? undefined : sampled === '1',
  };
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
