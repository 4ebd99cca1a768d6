import type { Middleware } from 'koa';

/** A request that named a span (W3C Trace Context), once it is over. Times are in ms since 1970. */
export interface Served {
  readonly traceparent: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly complete: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Tells of each request that names a span. Anybody can: who is told decides which of them count. */
export function tellServed(tell: (served: Served) => void): Middleware {
  return async (ctx, next) => {
    const traceparent = ctx.get('traceparent');
    if (!/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/.test(traceparent)) return next();
    const startedAt = Date.now();
    const began = performance.now();
    ctx.res.once('close', () =>
      tell({
        traceparent,
        method: ctx.method,
        path: (ctx.req.url?.split('?')[0] ?? '').slice(0, 512),
        status: ctx.status,
        bytes: ctx.state.sent ?? (ctx.method === 'HEAD' ? 0 : (ctx.length ?? 0)),
        complete: ctx.res.writableFinished,
        startedAt,
        endedAt: startedAt + performance.now() - began,
      }),
    );
    await next();
  };
}
