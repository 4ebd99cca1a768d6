/**
 * The fields by which Cloud Logging shows the lines of one request together (LogEntry, special fields in jsonPayload), if the
 * project is known and a proxy said which trace the request belongs to: by `traceparent` (W3C Trace Context), else by
 * `X-Cloud-Trace-Context: TRACE/SPAN;o=SAMPLED`, the span in decimal (Cloud Trace, trace context).
 */
export function traceFields(
  header: (name: string) => string,
  project: string | undefined,
): Readonly<Record<string, string | boolean>> {
  const trace = project === undefined ? undefined : (w3c(header) ?? google(header));
  if (!trace || /^0+$/.test(trace.id)) return {};
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${trace.id}`,
    ...(trace.span && { 'logging.googleapis.com/spanId': trace.span }),
    'logging.googleapis.com/trace_sampled': trace.sampled,
  };
}

interface Trace {
  readonly id: string;
  /** 16 hexadecimal digits. */
  readonly span: string | undefined;
  readonly sampled: boolean;
}

function w3c(header: (name: string) => string): Trace | undefined {
  const form = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?=-|$)/;
  const [, id, span, flags = ''] = form.exec(header('traceparent')) ?? [];
  return id === undefined ? undefined : { id, span, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function google(header: (name: string) => string): Trace | undefined {
  const form = /^([0-9a-f]{32})(?:\/(\d{1,20}))?(?:;o=(\d))?$/i;
  const [, id, span, sampled] = form.exec(header('x-cloud-trace-context')) ?? [];
  if (id === undefined) return undefined;
  return {
    id: id.toLowerCase(),
    span: span && BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0'),
    sampled: sampled === '1',
  };
}
