import { remoteSpan, traceFields } from '../../telemetry/trace.ts';
import type { PlaneContext } from './context.ts';
import type { CommonParts } from './parts.ts';

/**
 * Takes the span that the request came with (`traceparent`, `X-Cloud-Trace-Context`): for its line in the log, and as what
 * its own span belongs to. For edges and trusted proxies alone: anybody else could pass for a part of another's trace.
 * `follows`: whoever sent it goes over to the trace that the answer names.
 */
export function believeTrace(
  ctx: PlaneContext,
  { project, tracing }: Pick<CommonParts, 'project' | 'tracing'>,
  follows: boolean,
): void {
  const remote = remoteSpan((name) => ctx.get(name));
  if (!remote) return;
  ctx.state.about = { ...traceFields(remote, project), ...ctx.state.about };
  if (ctx.state.span) tracing?.believe(ctx.state.span, remote, follows);
}
