import { traceFields } from '../../telemetry/trace.ts';
import type { LateSpan } from '../../telemetry/traces/late-span.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import { wentOut } from './answer-end.ts';
import type { PlaneContext, PlaneMiddleware } from './context.ts';
import { note } from './request-log.ts';

/** What the log notes of a request and its span says, too. */
const told = [
  ...['plan', 'reason', 'machine', 'revision', 'client', 'stage', 'problem', 'edge', 'hw', 'by'],
  ...['asset', 'asset_name', 'size', 'bytes', 'first_byte_ms', 'gave_way', 'retry'],
];

/** One span for each request, from when it came in until its answer has ended or its client is gone. */
export function traceRequests(
  plane: 'boot' | 'admin',
  tracing: Tracing,
  project: string | undefined,
): PlaneMiddleware {
  return async (ctx, next) => {
    const span = tracing.begin();
    ctx.state.span = span;
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      const { traceId, spanId } = span.ref;
      note(ctx, { trace_id: traceId, span_id: spanId });
      ctx.state.about = { ...ctx.state.about, ...traceFields(span.ref, project) };
      tracing.end(span, endedAs(plane, ctx, span));
    };
    ctx.res.once('close', end);
    await tracing.run(span, next);
    // Where nothing runs after an answer, its span leaves before it has ended. One that has ended by now goes with the next.
    if (!tracing.leavesWithAnswers || ctx.res.writableEnded || ctx.respond === false) return;
    end();
    await tracing.flush();
  };
}

/** Names and attributes are OpenTelemetry's (Semantic conventions for HTTP spans), and ours begin with `bootbroker`. No query: it may hold secrets. */
function endedAs(plane: 'boot' | 'admin', ctx: PlaneContext, span: LateSpan) {
  const { notes, route, requestId } = ctx.state;
  const method = methods.includes(ctx.method) ? ctx.method : '_OTHER';
  const hungUp = ctx.res.closed && !wentOut(ctx.res);
  const { status } = ctx;
  const ours = told.flatMap((name) =>
    notes[name] === undefined ? [] : [[`bootbroker.${name}`, plain(notes[name])]],
  );
  return {
    name: route === undefined ? method : `${method} ${route}`,
    kind: 'server' as const,
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      'url.path': ctx.req.url?.split('?')[0]?.slice(0, 512),
      'url.scheme': 'http',
      'network.protocol.version': ctx.req.httpVersion.replace(/\.0$/, ''),
      'client.address': String(notes.source ?? ctx.req.socket.remoteAddress ?? ''),
      'user_agent.original': ctx.get('User-Agent').slice(0, 256) || undefined,
      'bootbroker.plane': plane,
      'bootbroker.request_id': requestId,
      'bootbroker.boot': span.boot,
      ...Object.fromEntries(ours),
      ...(hungUp && { 'bootbroker.hung_up': true }),
      ...(status >= 500 && { 'error.type': String(notes.problem ?? status) }),
    },
    failure: status >= 500 ? String(notes.problem ?? `status ${status}`) : undefined,
  };
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

function plain(value: unknown): string | number | boolean {
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}
