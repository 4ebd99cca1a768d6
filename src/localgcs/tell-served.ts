import type { Middleware } from 'koa';

/** A request for an object that is over. Times are in ms since 1970. */
export interface Served {
  /** The span that it named (W3C Trace Context); empty: none. */
  readonly traceparent: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly complete: boolean;
  /** The socket's other end. */
  readonly address: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Tells of each request that reads. Anybody can name any span: who is told decides which of them count. */
export function tellServed(tell: (served: Served) => void): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    const given = ctx.get('traceparent');
    const traceparent = /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/.test(given) ? given : '';
    const { remoteAddress: address = '' } = ctx.req.socket;
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
        address,
        startedAt,
        endedAt: startedAt + performance.now() - began,
      }),
    );
    await next();
  };
}
