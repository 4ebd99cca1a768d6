import type { Context } from 'koa';
import { answerEmpty, answerRefusal } from './answer.ts';
import { contentRange } from './content-range.ts';
import { expectedOf } from './digest.ts';
import { isRefusal } from './refusal.ts';
import { bodyLength, incoming } from './request-body.ts';
import type { Sessions } from './sessions.ts';
import type { StoredObject } from './store/objects-table.ts';

/** The size that `x-upload-content-length` announces, in bytes. */
export function announcedSize(ctx: Context): { size?: number } {
  const header = ctx.get('x-upload-content-length');
  return /^\d{1,15}$/.test(header) ? { size: Number(header) } : {};
}

/**
 * Answers a PUT or POST to a session URI: `done` once it is an object, else 308 with what is stored. Google's library for Go, which
 * takes 308 for a redirect, POSTs and asks for 200 instead (google-api-go-client, internal/gensupport/resumable.go).
 */
export async function resume(
  ctx: Context,
  sessions: Sessions,
  id: string,
  done: (object: StoredObject) => void,
): Promise<void> {
  const range = contentRange(ctx.get('Content-Range') || undefined, bodyLength(ctx));
  if (isRefusal(range)) return answerRefusal(ctx, range);
  const progress = await sessions.receive(id, range, incoming(ctx), expectedOf(ctx.headers));
  if (isRefusal(progress)) return answerRefusal(ctx, progress);
  if ('object' in progress) return done(progress.object);
  const no308 = ctx.get('X-GUploader-No-308').toLowerCase() === 'yes';
  answerEmpty(ctx, no308 ? 200 : 308);
  if (no308) ctx.set('X-Http-Status-Code-Override', '308');
  if (progress.stored > 0) ctx.set('Range', `bytes=0-${progress.stored - 1}`);
}

/** Answers a DELETE of a session URI. 499 is Google's word for a cancelled upload. */
export async function cancel(ctx: Context, sessions: Sessions, id: string): Promise<void> {
  const refusal = await sessions.cancel(id);
  if (refusal) answerRefusal(ctx, refusal);
  else answerEmpty(ctx, 499);
}
