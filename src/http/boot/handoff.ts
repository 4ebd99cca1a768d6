import type { HandoffPlan } from '../../boot/plan.ts';
import { note } from '../plane/request-log.ts';
import { answerHead, beginsAsset } from './answer-head.ts';
import type { BootContext } from './context.ts';
import { countInferred, noteDelivery } from './counting.ts';
import type { BootParts } from './parts.ts';

/** No edge passes it on. By HTTP/1.1 an answer without a body would have ended with its head: before its event is written. */
const handoffNote = 'The edge fetches the bytes.\n';

/**
 * Tells the edge where the bytes are: X-Accel-Redirect names its own `/_storage/GENERATION/BUCKET/OBJECT`, with the signed
 * query behind it (nginx: `internal`). The path alone says which bytes they are, for good: it is the key of the edge's
 * cache. Range is left to the edge. The URL is set as it was signed, to the letter, and never logged.
 */
export async function handOff(
  ctx: BootContext,
  plan: HandoffPlan,
  parts: BootParts,
  record: () => Promise<void>,
): Promise<void> {
  const { delivery, ttlSeconds } = plan;
  const range = answerHead(ctx, delivery);
  if (range === undefined) return;
  // The edge has tried the URL of an earlier answer in vain.
  const fresh = ctx.get('X-Boot-Retry') === '1';
  if (fresh) {
    note(ctx, { retry: true });
    parts.metrics.healedFaults.inc({ by: 'fresh-url' });
  }
  const origin = parts.storageOrigin(ctx.req.socket.localAddress);
  const url = await parts.blobs.signedUrl(delivery.blob, { ttlSeconds, fresh, ...(origin && { origin }) });
  if (url === undefined) throw new Error('a signed URL of any length is too long');
  ctx.status = 200;
  noteDelivery(ctx, plan, parts);
  countInferred(ctx, plan, parts, range);
  const pathAndQuery = url.replace(/^https?:\/\/[^/]+/, '');
  ctx.set('X-Accel-Redirect', `/_storage/${delivery.blob.generation}${pathAndQuery}`);
  ctx.set('Content-Length', String(handoffNote.length));
  ctx.flushHeaders();
  if (beginsAsset(range)) await record();
  ctx.body = handoffNote;
}
