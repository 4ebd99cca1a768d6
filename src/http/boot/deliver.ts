import type { DiskPlan, Plan, RedirectPlan, StreamPlan, TextPlan } from '../../boot/plan.ts';
import { refuse } from '../../boot/problem.ts';
import { StoreDown } from '../../boot/store-down.ts';
import type { ByteRange } from '../../byte-range.ts';
import { cut } from '../plane/answer-end.ts';
import { answerProblem, retryAfter } from '../plane/answer-problem.ts';
import { note } from '../plane/request-log.ts';
import { answerHead, beginsAsset, lengthOf } from './answer-head.ts';
import type { Told } from './boot-log.ts';
import { traceRedirect } from './boot-trace.ts';
import type { BootContext } from './context.ts';
import { countDecision, countInferred, noteDelivery, noteFirstByte } from './counting.ts';
import { handOff } from './handoff.ts';
import type { BootParts } from './parts.ts';
import { passOn } from './stream.ts';
import type { Progress, StreamSlots } from './stream-slots.ts';

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
      return stream(ctx, plan, parts, slots, record);
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

async function stream(
  ctx: BootContext,
  plan: StreamPlan,
  parts: BootParts,
  slots: StreamSlots,
  record: Record,
): Promise<void> {
  const { delivery } = plan;
  const range = answerHead(ctx, delivery);
  if (range === undefined) return;
  const place = slots.take({
    address: ctx.state.source.address,
    isFirstStage: ctx.state.isFirstStage === true || delivery.type === 'application/efi',
    giveWay() {
      parts.metrics.streamsGaveWay.inc({});
      note(ctx, { gave_way: true });
      cut(ctx.res);
    },
  });
  if (!place)
    return answerProblem(
      ctx,
      refuse(
        'too-many-streams',
        'All places of BROKER_MAX_STREAMS are taken, or this address has its share of them.',
        retryAfter,
      ),
    );
  const gone = new AbortController();
  parts.metrics.streams.inc();
  ctx.res.once('close', () => {
    parts.metrics.streams.dec();
    place.release();
    gone.abort();
  });
  return sendBytes(ctx, plan, range, parts, { gone: gone.signal, record, progress: place.progress });
}

interface Sending {
  readonly gone: AbortSignal;
  readonly record: Record;
  readonly progress: Progress;
}

/** Follows the signed URL and passes on what comes, until the client is `gone`. */
async function sendBytes(
  ctx: BootContext,
  plan: StreamPlan,
  range: ByteRange | 'whole',
  parts: BootParts,
  { gone, record, progress }: Sending,
): Promise<void> {
  const { delivery } = plan;
  const length = lengthOf(range, delivery);
  const followed = await parts.blobs
    .follow(delivery.blob, {
      ttlSeconds: plan.ttlSeconds,
      size: delivery.size,
      signal: gone,
      ...(range !== 'whole' && { range }),
      onResume({ atByte, reason }) {
        parts.metrics.healedFaults.inc({ by: 'resume' });
        parts.log.warn(
          {
            byte: atByte,
            length,
            cause: reason,
            ...ctx.state.about,
            ...assetNotes(ctx),
            bytes: progress.bytes,
          },
          'a stream goes on at another attempt: its client notices nothing',
        );
      },
    })
    .catch((error: unknown) => {
      if (!gone.aborted) throw error;
    });
  if (!followed) return;

  ctx.status = range === 'whole' ? 200 : 206;
  ctx.set('Content-Length', String(length));
  if (range !== 'whole') ctx.set('Content-Range', `bytes ${range.start}-${range.end}/${delivery.size}`);
  const afterFirstByte = async () => {
    noteDelivery(ctx, plan, parts);
    if (beginsAsset(range)) await record();
  };
  const outcome = await passOn(followed.body, ctx.res, length, afterFirstByte, progress);
  if (outcome.kind === 'broken' && !ctx.headerSent)
    throw new StoreDown('storage', `fetching ${delivery.blob.object}`, outcome.cause);
  ctx.respond = false;
  note(ctx, { bytes: outcome.bytes });
  if (outcome.kind === 'broken')
    parts.log.warn(
      { error: outcome.cause, length, ...ctx.state.about, ...assetNotes(ctx) },
      'a stream broke off: the connection was cut, so that nobody takes the rest for the whole',
    );
}

/** What a line about an asset says of it, and of the bytes that were sent. */
function assetNotes({ state: { notes } }: BootContext): object {
  const { asset, asset_name, size, bytes } = notes;
  return { asset, asset_name, size, bytes };
}
