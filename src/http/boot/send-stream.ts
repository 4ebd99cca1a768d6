import type { StreamPlan } from '../../boot/plan.ts';
import { refuse } from '../../boot/problem.ts';
import { StoreDown } from '../../boot/store-down.ts';
import type { ByteRange } from '../../byte-range.ts';
import { cut } from '../plane/answer-end.ts';
import { answerProblem, retryAfter } from '../plane/answer-problem.ts';
import { note } from '../plane/request-log.ts';
import { answerHead, beginsAsset, lengthOf } from './answer-head.ts';
import type { BootContext } from './context.ts';
import { noteDelivery } from './counting.ts';
import type { BootParts } from './parts.ts';
import { passOn } from './stream.ts';
import type { Progress, StreamSlots } from './stream-slots.ts';

/** The broker fetches the bytes, and sends them on, where there is a place for one more stream. */
export async function sendStream(
  ctx: BootContext,
  plan: StreamPlan,
  parts: BootParts,
  slots: StreamSlots,
  record: () => Promise<void>,
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
  readonly record: () => Promise<void>;
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
