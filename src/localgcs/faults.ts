import type { Middleware } from 'koa';
import { answerRefusal } from './answer.ts';
import { UnfinishedMultipart } from './multipart.ts';
import { refuse } from './refusal.ts';
import { isFull } from './store/database.ts';

/** The other end hung up: no error, and nobody to tell. */
const HUNG_UP = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_EOF_STATE'];

export function isHangUp(error: unknown): boolean {
  return HUNG_UP.includes(codeOf(error));
}

/** The disk, or the quota. */
const DISK_FULL = ['ENOSPC', 'EDQUOT'];

const codeOf = (error: unknown) => String((error as NodeJS.ErrnoException | undefined)?.code ?? '');

/** Answers what handlers throw: a full disk by its name, everything else as a fault, which the app's listener hears of. */
export function faults(): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (isHangUp(error)) {
        ctx.status = 499;
        return;
      }
      if (error instanceof UnfinishedMultipart)
        return answerRefusal(
          ctx,
          refuse('InvalidArgument', 'The multipart upload ends without its closing boundary.'),
        );
      if (isFull(error) || DISK_FULL.includes(codeOf(error)))
        return answerRefusal(ctx, refuse('InsufficientStorage'));
      ctx.app.emit('error', error, ctx);
      answerRefusal(ctx, refuse('InternalError'));
    }
  };
}
