import type Router from '@koa/router';
import Koa from 'koa';
import { refuse } from '../../boot/problem.ts';
import { answerProblem, catchFaults } from './answer-problem.ts';
import type { PlaneMiddleware, PlaneState, Routed } from './context.ts';
import { servePages } from './page-route.ts';
import type { CommonParts } from './parts.ts';
import { probeRoutes } from './probes.ts';
import { logRequests } from './request-log.ts';
import { targetRefusal } from './request-target.ts';

/** How a client's leaving shows (errno, and Node's own codes). */
const hangUps = [
  'ECONNRESET',
  'EPIPE',
  'ECANCELED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_HTTP2_STREAM_ERROR',
];

/** A plane, for a server to be given to. */
export type PlaneApp = Pick<Koa, 'callback'>;

/** What both planes have round their routes; `inside` comes right before these. */
export function planeApp<State extends PlaneState>(
  plane: 'boot' | 'admin',
  parts: CommonParts,
  inside: readonly PlaneMiddleware<State>[],
  router: Router<State, Routed>,
): PlaneApp {
  const koa = new Koa<State, Routed>();
  // Every fault has had its answer and its line in the log before it could get here. That a client hangs up is none.
  koa.on('error', (error: NodeJS.ErrnoException) => {
    if (!hangUps.includes(error.code ?? '')) parts.log.error({ error }, 'an answer failed');
  });
  koa
    .use(logRequests(plane, parts))
    .use(catchFaults(parts))
    .use(checkRequest(plane))
    .use(servePages(probeRoutes, parts));
  for (const middleware of inside) koa.use(middleware);
  koa.use(router.routes());
  koa.use(nothingHere(router));
  return koa;
}

/** Comes before whatever reads the path: a target that is no path has none. */
const checkRequest =
  (plane: 'boot' | 'admin'): PlaneMiddleware =>
  async (ctx, next) => {
    const { url = '', httpVersion, headers } = ctx.req;
    const refusal =
      httpVersion === '1.1' && headers.host === undefined
        ? refuse('bad-request', 'HTTP/1.1 needs a Host header (RFC 9112 section 3.2). Send one.')
        : targetRefusal(url, plane);
    return refusal ? answerProblem(ctx, refusal) : next();
  };

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
