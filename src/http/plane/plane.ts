import type Router from '@koa/router';
import Koa from 'koa';
import { refuse } from '../../boot/problem.ts';
import { answerProblem, catchFaults } from './answer-problem.ts';
import { checkRequest } from './check-request.ts';
import type { PlaneMiddleware, PlaneState, Routed } from './context.ts';
import { isClientError } from './hang-ups.ts';
import { asksTokenAlone, metricsRoute } from './metrics-page.ts';
import { servePages } from './page-route.ts';
import type { CommonParts } from './parts.ts';
import { probeRoutes } from './probes.ts';
import { readiness } from './readiness.ts';
import { logRequests } from './request-log.ts';
import { StrangerLog } from './stranger-log.ts';
import { traceRequests } from './trace-requests.ts';

/** A plane, for a server to be given to. */
export interface PlaneApp extends Pick<Koa, 'callback'> {
  /** Hears of what came and was no request. */
  readonly strangers?: StrangerLog;
}

/** What both planes have round their routes; `inside` comes right before these. */
export function planeApp<State extends PlaneState>(
  plane: 'boot' | 'admin',
  parts: CommonParts,
  inside: readonly PlaneMiddleware<State>[],
  router: Router<State, Routed>,
): PlaneApp {
  const koa = new Koa<State, Routed>();
  const strangers = new StrangerLog(plane, parts);
  // Every fault has had its answer and its line in the log before it could get here. What a client does wrong is none.
  koa.on('error', (error: NodeJS.ErrnoException) => {
    if (!isClientError(error)) parts.log.error({ error }, 'an answer failed');
  });
  koa.use(logRequests(plane, parts, strangers));
  if (parts.tracing) koa.use(traceRequests(plane, parts.tracing, parts.project));
  koa
    .use(catchFaults(parts))
    .use(checkRequest(plane))
    .use(
      servePages([...probeRoutes(readiness(parts)), ...(asksTokenAlone(parts) ? [metricsRoute] : [])], parts),
    );
  for (const middleware of inside) koa.use(middleware);
  koa.use(router.routes());
  koa.use(nothingHere(router));
  return { callback: () => koa.callback(), strangers };
}

/** Firmware and loaders probe for files by the dozen: the answer is quick, and nobody is punished for asking. */
function nothingHere<State>({ stack }: Router<State, Routed>): PlaneMiddleware {
  return async (ctx) => {
    const methods = stack.filter((layer) => layer.match(ctx.path)).flatMap((layer) => layer.methods);
    const allow = [...new Set(methods)].join(', ');
    if (allow && !methods.includes(ctx.method))
      answerProblem(
        ctx,
        refuse('method-not-allowed', `${ctx.method} is not served here, but ${allow}.`, { Allow: allow }),
      );
    else answerProblem(ctx, refuse('no-such-route', `Nothing is served at ${ctx.path.slice(0, 512)}.`));
  };
}
