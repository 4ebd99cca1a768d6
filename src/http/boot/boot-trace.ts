import type { Way } from '../../boot/way.ts';
import { lru } from '../../lru.ts';
import { traceparent } from '../../telemetry/trace.ts';
import type { BootContext } from './context.ts';
import { EarlierRequests } from './earlier-requests.ts';
import type { BootParts } from './parts.ts';

/** Machines whose last boot is remembered. */
const mostMachines = 4_096;

type Placed = Pick<Way, 'boot' | 'begins' | 'machine'>;

/** Puts the spans of requests where they belong. */
export interface BootTraces {
  place(ctx: BootContext, way: Placed): void;
  /** A report that names no boot belongs to its machine's last one, as in the records: where its script came from this process. */
  placeReport(ctx: BootContext, way: Placed): void;
}

/**
 * One trace a boot: whatever names the boot stands in the trace of the boot's id, and what the same interface or address asked
 * before, without a name, is linked by the script that begins it. Who is believed to stand in a trace is told which that is:
 * `traceresponse` (W3C Trace Context, level 2).
 */
export function bootTraces(clock: () => Date): BootTraces {
  const earlier = new EarlierRequests();
  const lastOf = lru<string>(mostMachines);
  const place = (ctx: BootContext, { boot, begins, machine }: Placed) => {
    const { span, source } = ctx.state;
    if (!span) return;
    const caller = source.edge?.hw ?? source.address;
    const now = clock().getTime();
    if (boot !== undefined) {
      span.belongsTo(boot, begins === true);
      if (begins) span.links.push(...earlier.take(caller, now));
      if (begins && machine) lastOf.set(machine.id, boot);
    } else earlier.note(caller, span.ref, now);
    if (span.remote) ctx.set('traceresponse', traceparent(span.ref));
  };
  return {
    place,
    placeReport(ctx, way) {
      const boot = way.boot ?? (way.machine && lastOf.get(way.machine.id));
      if (boot !== undefined) place(ctx, { ...way, boot });
    },
  };
}

/** Its client was told to fetch this URL: what the embedded storage does then, belongs to its span. */
export function traceRedirect(ctx: BootContext, { tracing }: Pick<BootParts, 'tracing'>, url: string): void {
  const { span, source } = ctx.state;
  if (!tracing || !span) return;
  const peer = ctx.req.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  tracing.redirected(span, new URL(url).pathname, source.address, peer);
}
