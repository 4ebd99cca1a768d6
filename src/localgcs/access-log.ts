import type { Middleware } from 'koa';

/** One line per request, once it is over. The query is left out: it holds signatures and session ids. */
export function accessLog(log: (line: object) => void): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    const { remoteAddress } = ctx.req.socket;
    ctx.res.once('close', () => {
      const complete = ctx.res.writableFinished;
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
