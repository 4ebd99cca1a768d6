import { randomUUIDv7 } from 'node:crypto';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { clientOf } from '../boot/client.ts';
import type { BootEvent } from '../boot/event.ts';
import { refuse } from '../boot/problem.ts';
import { sourceOf } from '../boot/source.ts';
import { adminRoutes } from './admin.ts';
import type { Answer } from './answer.ts';
import { authenticate, knownHost } from './auth.ts';
import { deliver } from './deliver.ts';
import { answerProblem, catchFaults } from './errors.ts';
import { health, metricsPage } from './health.ts';
import { openapiPage } from './openapi.ts';
import type { AdminParts, BootParts, CommonParts } from './parts.ts';
import { report } from './report.ts';
import { logRequests, note } from './request-log.ts';
import { handleRoute, routerPath } from './route.ts';
import { bootRoutes } from './routes.ts';
import { StreamSlots } from './stream-slots.ts';
import { targetRefusal } from './target.ts';
import { callerOf } from './who.ts';

/** What machines ask: admitted by network, read-only. */
export function bootApp(parts: BootParts): Koa {
  const slots = new StreamSlots({ total: parts.maxStreams, perSource: parts.maxStreamsPerSource });
  const router = new Router();
  for (const route of bootRoutes)
    router.get(route.path, async (ctx) => {
      ctx.state.route = route.path;
      if (route.serves === 'asset') ctx.state.retryAfterSeconds = 5;
      const answer = await route.answer(ctx, parts);
      await deliver(ctx, answer.plan, parts, slots, bootEvent(ctx, answer, parts.clock()));
    });
  for (const method of ['get', 'post'] as const)
    router[method]('/report/:stage', async (ctx) => {
      ctx.state.route = '/report/:stage';
      await report(ctx, parts);
    });
  return app('boot', parts, [admit(parts), metricsPage(parts), openapiPage()], router);
}

/** What administrators ask: by name and token, JSON only. */
export function adminApp(parts: AdminParts): Koa {
  const router = new Router();
  for (const route of adminRoutes)
    router[route.method](routerPath(route), async (ctx) => {
      ctx.state.route = route.path;
      await handleRoute(ctx, route, parts);
    });
  const open = [knownHost(parts.adminHosts), metricsPage(parts), openapiPage()];
  return app('admin', parts, [...open, authenticate(parts.adminToken)], router);
}

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

function app(plane: 'boot' | 'admin', parts: CommonParts, inside: Middleware[], router: Router): Koa {
  const koa = new Koa();
  // Every fault has had its answer and its line in the log before it could get here. That a client hangs up is none.
  koa.on('error', (error: NodeJS.ErrnoException) => {
    if (!hangUps.includes(error.code ?? '')) parts.log.error({ error }, 'an answer failed');
  });
  koa.use(logRequests(plane, parts)).use(catchFaults(parts)).use(checkRequest).use(health(parts));
  for (const middleware of inside) koa.use(middleware);
  koa.use(router.routes());
  koa.use(nothingHere(router));
  return koa;
}

/** Comes before whatever reads the path: a target that is no path has none. */
const checkRequest: Middleware = async (ctx, next) => {
  const { url = '', httpVersion, headers } = ctx.req;
  const refusal =
    httpVersion === '1.1' && headers.host === undefined
      ? refuse('bad-request', 'HTTP/1.1 needs a Host header (RFC 9112 section 3.2). Send one.')
      : targetRefusal(url);
  return refusal ? answerProblem(ctx, refusal) : next();
};

/** Before any lookup: strangers cost nothing. */
function admit({ sourcePolicy }: BootParts): Middleware {
  return async (ctx, next) => {
    const forwardedFor = ctx.req.headers['x-forwarded-for'];
    const source = sourceOf(
      ctx.req.socket.remoteAddress,
      Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor,
      sourcePolicy,
    );
    if (source.kind === 'refuse') return answerProblem(ctx, source);
    ctx.state.source = source;
    ctx.state.client = clientOf(callerOf(ctx));
    note(ctx, { source: source.address, client: ctx.state.client.id });
    return next();
  };
}

/** Firmware and loaders probe for files by the dozen: the answer is quick, and nobody is punished for asking. */
function nothingHere(router: Router): Middleware {
  return async (ctx) => {
    const methods = router.stack.filter((layer) => layer.match(ctx.path)).flatMap((layer) => layer.methods);
    const allow = [...new Set(methods)].join(', ');
    if (allow && !methods.includes(ctx.method))
      answerProblem(
        ctx,
        refuse('method-not-allowed', `${ctx.method} is not served here, but ${allow}.`, { Allow: allow }),
      );
    else answerProblem(ctx, refuse('no-such-route', `Nothing is served at ${ctx.path.slice(0, 512)}.`));
  };
}

function bootEvent(ctx: Context, answer: Answer, now: Date): BootEvent | undefined {
  const { machine, revision, stage, detail, plan } = answer;
  if (!machine || !stage || plan.kind === 'refuse') return undefined;
  return {
    id: randomUUIDv7(),
    at: now.toISOString(),
    machine_id: machine.id,
    ...(revision && { revision }),
    stage,
    source: ctx.state.source.address,
    ...(detail && { detail }),
  };
}
