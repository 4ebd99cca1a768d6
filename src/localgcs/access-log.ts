import type { Middleware } from 'koa';
import { Sampler } from '../bounds/sampler.ts';
import { sourceKey } from '../bounds/source-key.ts';

/** What anybody is told who shows no token and no signature, or who sends no request. */
const refusals = [400, 401, 403];

/**
 * One line per request, once it is over; of those that were refused to strangers one a minute and address, and then how many
 * were left out. The query is left out: it holds signatures and session ids.
 */
export function accessLog(log: (line: object) => void): Middleware {
  const sampler = new Sampler(({ lines, sources }) => log({ left_out: lines, sources }));
  return async (ctx, next) => {
    const started = performance.now();
    const { remoteAddress } = ctx.req.socket;
    ctx.res.once('close', () => {
      const complete = ctx.res.writableFinished;
      if (refusals.includes(ctx.status) && !sampler.takes(sourceKey(remoteAddress))) return;
      log({
        method: ctx.method,
        path: ctx.req.url?.split('?')[0],
        status: ctx.status,
        bytes: ctx.state.sent ?? (ctx.method === 'HEAD' ? 0 : (ctx.length ?? 0)),
        complete,
        range: ctx.get('Range') || ctx.get('Content-Range') || undefined,
        user_agent: ctx.get('User-Agent') || undefined,
        remote_address: remoteAddress,
        milliseconds: Math.round(performance.now() - started),
      });
    });
    await next();
  };
}
