import type { DiskPlan, Plan, RedirectPlan, TextPlan } from '../../boot/plan.ts';
import { note } from '../plane/request-log.ts';
import type { Told } from './boot-log.ts';
import { traceRedirect } from './boot-trace.ts';
import type { BootContext } from './context.ts';
import { countDecision, countInferred, noteDelivery, noteFirstByte } from './counting.ts';
import { handOff } from './handoff.ts';
import type { BootParts } from './parts.ts';
import { sendStream } from './send-stream.ts';
import type { StreamSlots } from './stream-slots.ts';

/** Turns a plan into an answer. */
export async function deliver(
  ctx: BootContext,
  plan: Plan,
  parts: BootParts,
  slots: StreamSlots,
  told?: Told,
): Promise<void> {
  note(ctx, { plan: plan.kind, reason: plan.reason });
  // Which of a redirect and what stands in for it is not decided before it is signed.
  if (plan.kind !== 'redirect') countDecision(plan, parts);
  const record = () =>
    told && ctx.method !== 'HEAD' ? parts.bootLog.write(told, ctx.state.about) : Promise.resolve();
  switch (plan.kind) {
    case 'text':
    case 'disk':
      return sendText(ctx, plan, parts, record);
    case 'redirect':
      if (!(await redirect(ctx, plan, parts, record))) await deliver(ctx, plan.otherwise, parts, slots, told);
      return;
    case 'handoff':
      return handOff(ctx, plan, parts, record);
    case 'stream':
      return sendStream(ctx, plan, parts, slots, record);
    default:
      plan satisfies never;
  }
}

type Record = () => Promise<void>;

async function sendText(
  ctx: BootContext,
  plan: TextPlan | DiskPlan,
  parts: BootParts,
  record: Record,
): Promise<void> {
  ctx.status = 200;
  ctx.set({ 'Content-Type': plan.type, 'Content-Length': String(Buffer.byteLength(plan.body)) });
  ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  await recorded(ctx, record, () => noteFirstByte(ctx, plan, parts));
  ctx.body = plan.body;
}

/** How long the head of a short answer waits for its event, in ms: mostly both go out in one packet. */
const longestHeadWait = 50;

/** Resolves when the answer may end. One that has to wait for it begins before; `begins` hears when. */
async function recorded(ctx: BootContext, record: Record, begins: () => void): Promise<void> {
  const late = setTimeout(() => {
    begins();
    ctx.flushHeaders();
  }, longestHeadWait);
  await record();
  clearTimeout(late);
  if (!ctx.headerSent) begins();
}

/** By HTTP/1.1 an answer without a body has ended with its head: before its event is written. */
const redirectNote = 'The bytes are at Location, for a short time.\n';

/**
 * The Location is set by hand: it must stay as it was signed, to the letter, and is never logged or kept. False: no URL is as
 * short as this client needs it.
 */
async function redirect(
  ctx: BootContext,
  plan: RedirectPlan,
  parts: BootParts,
  record: Record,
): Promise<boolean> {
  const { ttlSeconds, scheme, maxLength } = plan;
  const origin = parts.storageOrigin(ctx.req.socket.localAddress, scheme);
  const url = await parts.blobs.signedUrl(plan.delivery.blob, {
    ttlSeconds,
    ...(origin && { origin }),
    ...(maxLength !== undefined && { maxLength }),
  });
  if (url === undefined) return false;
  traceRedirect(ctx, parts, url);
  ctx.status = 302;
  countDecision(plan, parts);
  countInferred(ctx, plan, parts);
  ctx.set({ Location: url, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  ctx.set({ 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(redirectNote.length) });
  await recorded(ctx, record, () => noteDelivery(ctx, plan, parts));
  ctx.body = redirectNote;
  return true;
}
