import type { AssetPlan, Plan } from '../../boot/plan.ts';
import type { ByteRange } from '../../byte-range.ts';
import { statusClass } from '../../telemetry/metrics/of-requests.ts';
import { requestedRange } from '../plane/conditional.ts';
import { elapsedMs, note, round } from '../plane/request-log.ts';
import { lengthOf } from './answer-head.ts';
import type { BootContext } from './context.ts';
import type { BootParts } from './parts.ts';

/** Counts how an answer comes, and why. */
export function countDecision({ kind: plan, ground: reason }: Plan, { metrics }: BootParts): void {
  metrics.decisions.inc({ plan, reason });
}

/** Measures and notes that an answer begins now; its status is set. */
export function noteFirstByte(ctx: BootContext, { kind: plan }: Plan, { metrics }: BootParts): void {
  const ms = elapsedMs(ctx);
  note(ctx, { first_byte_ms: round(ms) });
  const route = String(ctx.state.route);
  metrics.firstByteSeconds.observe({ route, status_class: statusClass(ctx.status), plan }, ms / 1000);
}

/** The same, of an asset that is delivered by this plan. */
export function noteDelivery(ctx: BootContext, plan: AssetPlan, parts: BootParts): void {
  noteFirstByte(ctx, plan, parts);
  parts.metrics.clients.inc({ client: ctx.state.client.id, plan: plan.kind });
}

/**
 * Counts what somebody else is to fetch. Nobody here sees whether it does: what was asked for, and where it is, is all that is
 * known.
 */
export function countInferred(
  ctx: BootContext,
  { kind: plan, delivery }: AssetPlan,
  { metrics }: BootParts,
  range: ByteRange | 'whole' | 'unsatisfiable' = requestedRange(ctx.req.headers, delivery.size, delivery),
): void {
  const bytes = range === 'unsatisfiable' ? 0 : lengthOf(range, delivery);
  note(ctx, { inferred_bytes: bytes });
  metrics.inferredBytes.inc({ route: String(ctx.state.route), plan }, bytes);
}
