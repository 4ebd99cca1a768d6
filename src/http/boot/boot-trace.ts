import type { Way } from '../../boot/way.ts';
import { traceparent } from '../../telemetry/trace.ts';
import type { BootContext } from './context.ts';
import { EarlierRequests } from './earlier-requests.ts';
import type { BootParts } from './parts.ts';

/** Puts a request's span where it belongs. */
export type PlaceSpan = (ctx: BootContext, way: Pick<Way, 'boot' | 'begins'>) => void;

/**
 * One trace a boot: whatever names the boot stands in the trace of the boot's id, and what the same interface or address asked
 * before, without a name, is linked by the script that begins it. An edge is told which trace that is: `traceresponse` (W3C Trace Context, level 2).
 */
export function bootTraces(clock: () => Date): PlaceSpan {
  const earlier = new EarlierRequests();
  return (ctx, { boot, begins }) => {
    const { span, source } = ctx.state;
    if (!span) return;
    const caller = source.edge?.hw ?? source.address;
    const now = clock().getTime();
    if (boot !== undefined) {
      span.belongsTo(boot, begins === true);
      if (begins) span.links.push(...earlier.take(caller, now));
    } else earlier.note(caller, span.ref, now);
    if (span.remote) ctx.set('traceresponse', traceparent(span.ref));
  };
}

/** Its client was told to fetch this URL: what the embedded storage does then, belongs to its span. */
export function traceRedirect(ctx: BootContext, { tracing }: Pick<BootParts, 'tracing'>, url: string): void {
  const { span, source } = ctx.state;
  if (!tracing || !span) return;
  const peer = ctx.req.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  tracing.redirected(span, new URL(url).pathname, source.address, peer);
}
