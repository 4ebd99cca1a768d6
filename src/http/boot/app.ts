import { randomUUIDv7 } from 'node:crypto';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import type { BootEvent } from '../../boot/boot-event.ts';
import { clientOf } from '../../boot/client.ts';
import type { Refusal } from '../../boot/problem.ts';
import { type Source, sourceOf, vouchedSource } from '../../boot/source.ts';
import { answerProblem, retryAfter } from '../plane/errors.ts';
import { metricsPage } from '../plane/health.ts';
import { Router } from '../plane/node-http.ts';
import { openapiPage } from '../plane/openapi-page.ts';
import { planeApp } from '../plane/plane.ts';
import { note } from '../plane/request-log.ts';
import type { Answer } from './answer.ts';
import { deliver } from './deliver.ts';
import { callerOf } from './machine-of.ts';
import type { BootParts } from './parts.ts';
import { report } from './report.ts';
import { bootRoutes, reportRoute } from './routes.ts';
import { StreamSlots } from './stream-slots.ts';

/** What machines ask: admitted by network, read-only. */
export function bootApp(parts: BootParts): Koa {
  const slots = new StreamSlots({ total: parts.maxStreams, perSource: parts.maxStreamsPerSource });
  const router = new Router({ strict: true, sensitive: true });
  for (const route of bootRoutes)
    router.get(route.path, async (ctx) => {
      ctx.state.route = route.path;
      if (route.serves === 'asset') ctx.state.faultHeaders = retryAfter;
      const answer = await route.answer(ctx, parts);
      await deliver(ctx, answer.plan, parts, slots, bootEvent(ctx, answer, parts.clock()));
    });
  for (const method of ['get', 'post'] as const)
    router[method](reportRoute.path, async (ctx) => {
      ctx.state.route = reportRoute.path;
      await report(ctx, parts);
    });
  return planeApp('boot', parts, [admit(parts), metricsPage(parts), openapiPage(parts)], router);
}

/** Before any lookup: strangers cost nothing. */
function admit(parts: BootParts): Middleware {
  return async (ctx, next) => {
    const source = sourceFor(ctx, parts);
    if (source.kind === 'refuse') return answerProblem(ctx, source);
    ctx.state.source = source;
    ctx.state.client = clientOf(callerOf(ctx));
    note(ctx, { source: source.address, client: ctx.state.client.id });
    return next();
  };
}

function sourceFor(ctx: Context, { edge, sourcePolicy, metrics }: BootParts): Source | Refusal {
  const { method = '', url: target = '', rawHeaders, headers, socket } = ctx.req;
  if (edge) {
    // The raw target is what the routes are chosen by, too: it has passed `targetRefusal`.
    const verdict = edge({ method, target, rawHeaders });
    if (verdict.ok) note(ctx, { edge: verdict.kid, ...(verdict.hw && { hw: verdict.hw }) });
    else {
      metrics.edgeRefusals.inc({ reason: verdict.failure });
      note(ctx, { edge_refusal: verdict.failure });
    }
    return vouchedSource(verdict, sourcePolicy);
  }
  const forwardedFor = headers['x-forwarded-for'];
  const hops = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor;
  return sourceOf(socket.remoteAddress, hops, sourcePolicy);
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
