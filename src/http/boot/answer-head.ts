import type { Delivery } from '../../boot/plan.ts';
import { refuse } from '../../boot/problem.ts';
import type { ByteRange } from '../../byte-range.ts';
import { answerProblem } from '../plane/answer-problem.ts';
import { evaluatePreconditions, requestedRange } from '../plane/conditional.ts';
import type { BootContext } from './context.ts';

/**
 * Sets what an asset's answer says about it, whoever sends the bytes. Answers at once what needs none (HEAD, 304, 412, 416) and
 * returns undefined; else the part of it that is asked for.
 */
export function answerHead(ctx: BootContext, delivery: Delivery): ByteRange | 'whole' | undefined {
  const precondition = evaluatePreconditions(ctx.req.headers, delivery);
  if (precondition === 'failed') {
    const detail = `The asset's ETag is ${delivery.etag}. Start over without the precondition.`;
    answerProblem(ctx, refuse('precondition-failed', detail));
    return undefined;
  }
  ctx.set({
    'Content-Type': delivery.type,
    ETag: delivery.etag,
    'Last-Modified': delivery.lastModified.toUTCString(),
    'Accept-Ranges': 'bytes',
    'Content-Disposition': `attachment; filename="${delivery.fileName}"`,
    'Cache-Control': delivery.cacheControl,
    'X-Content-Type-Options': 'nosniff',
  });
  if (precondition === 'not-modified') return withoutBody(ctx, 304);
  if (ctx.method === 'HEAD') return withoutBody(ctx, 200, delivery.size);
  const range = requestedRange(ctx.req.headers, delivery.size, delivery);
  if (range !== 'unsatisfiable') return range;
  const headers = { 'Content-Range': `bytes */${delivery.size}` };
  answerProblem(ctx, refuse('range-not-satisfiable', `The asset has ${delivery.size} bytes.`, headers));
  return undefined;
}

/** Loaders that read in ranges ask by the thousand: the first of them stands for all. */
export function beginsAsset(range: ByteRange | 'whole'): boolean {
  return range === 'whole' || range.start === 0;
}

/** Bytes of an asset, or of that part of it. */
export function lengthOf(range: ByteRange | 'whole', { size }: Delivery): number {
  return range === 'whole' ? size : range.end - range.start + 1;
}

/** Koa would make up a body, or a length, of its own. */
function withoutBody(ctx: BootContext, status: number, length?: number): undefined {
  ctx.respond = false;
  ctx.status = status;
  if (length !== undefined) ctx.set('Content-Length', String(length));
  ctx.res.end();
}
