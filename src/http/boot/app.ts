import { boot } from '../../boot/boot.ts';
import type { Beginning } from '../../boot/boot-request.ts';
import { clientOf } from '../../boot/client.ts';
import { isRefusal, type Refusal } from '../../boot/problem.ts';
import { type Source, vouchedSource } from '../../boot/source.ts';
import type { World } from '../../boot/world.ts';
import { answerProblem, retryAfter } from '../plane/answer-problem.ts';
import { believeTrace } from '../plane/believe-trace.ts';
import type { Routed } from '../plane/context.ts';
import { metricsRoute } from '../plane/metrics-page.ts';
import { Router } from '../plane/node-http.ts';
import { openapiRoute } from '../plane/openapi-page.ts';
import { servePages } from '../plane/page-route.ts';
import { type PlaneApp, planeApp } from '../plane/plane.ts';
import { recordsWorld } from '../plane/records-world.ts';
import { believeRequestId, note } from '../plane/request-log.ts';
import { routerPath } from '../plane/router-path.ts';
import { beginningOf } from './beginning.ts';
import { entryOf } from './boot-log.ts';
import { type BootTraces, bootTraces } from './boot-trace.ts';
import { refuseBrowsers, signOfBrowser } from './browsers.ts';
import { ConnectionAddresses } from './connection-addresses.ts';
import type { BootContext, BootMiddleware, BootState } from './context.ts';
import { deliver } from './deliver.ts';
import { listedHost } from './hosts.ts';
import { noteWay } from './note-way.ts';
import type { BootParts } from './parts.ts';
import { report } from './report.ts';
import { reportLimits } from './report-limits.ts';
import { bootRequest, callerOf, queryOf } from './request.ts';
import { type BootRoute, bootRoutes, reportRoute } from './routes.ts';
import { type StreamSlots, streamSlots } from './stream-slots.ts';

/** What machines ask: admitted by network, read-only. */
export function bootApp(parts: BootParts): PlaneApp {
  const slots = parts.slots ?? streamSlots(parts);
  const world = recordsWorld(parts.records);
  const limits = reportLimits(parts.reportsPerSource, parts.metrics);
  const beginning = beginningOf(parts);
  const traces = bootTraces(parts.clock);
  const addresses = new ConnectionAddresses(parts.sourcePolicy);
  const router = new Router<BootState, Routed>({ strict: true, sensitive: true });
  for (const route of bootRoutes)
    router.get(routerPath(route.path), (ctx: BootContext) =>
      answer(ctx, route, { world, beginning, slots, traces }, parts),
    );
  for (const method of ['get', 'post'] as const)
    router[method](routerPath(reportRoute.path), refuseBrowsers, async (ctx: BootContext) => {
      ctx.state.route = reportRoute.path;
      await report(ctx, world, limits, traces, parts);
    });
  return planeApp(
    'boot',
    parts,
    [listedHost(parts.bootHosts), admit(parts, addresses), servePages([metricsRoute, openapiRoute], parts)],
    router,
  );
}

interface Answering {
  readonly world: World;
  readonly beginning: Beginning;
  readonly slots: StreamSlots;
  readonly traces: BootTraces;
}

async function answer(
  ctx: BootContext,
  route: BootRoute,
  { world, beginning, slots, traces }: Answering,
  parts: BootParts,
): Promise<void> {
  ctx.state.route = route.path;
  if (route.serves === 'asset') ctx.state.faultHeaders = retryAfter;
  const query = queryOf(ctx);
  const wanted = route.wants({ path: ctx.path, params: ctx.params, query });
  if (isRefusal(wanted)) return answerProblem(ctx, wanted);
  const decided = await boot({ ...bootRequest(ctx, wanted, query), beginning }, world, parts);
  const { way } = decided;
  noteWay(ctx, way);
  traces.place(ctx, way);
  const browsed = signOfBrowser(ctx.req.headers) !== undefined; // what a page asks for is no news of a machine
  if (way.unknown && way.identity && !browsed) {
    const { address } = ctx.state.source;
    const { like } = way;
    parts.unknownMachines.note(way.identity, { query, address, now: parts.clock(), ...(like && { like }) });
  }
  if (isRefusal(decided)) return answerProblem(ctx, decided);
  const { plan } = decided;
  if (!plan) throw new Error(`nothing answers ${route.path}`);
  if (route.serves === 'entry') ctx.set('Vary', 'User-Agent');
  ctx.state.isFirstStage = route.serves === 'entry';
  const told = browsed ? undefined : entryOf(way, plan, ctx.state.source, parts.clock());
  await deliver(ctx, plan, parts, slots, told);
}

/** Before any lookup: strangers cost nothing. */
function admit(parts: BootParts, addresses: ConnectionAddresses): BootMiddleware {
  return async (ctx, next) => {
    const source = sourceFor(ctx, parts, addresses);
    if (source.kind === 'refuse') return answerProblem(ctx, source);
    if (source.via !== 'peer') {
      believeRequestId(ctx);
      believeTrace(ctx, parts, source.via === 'edge');
    }
    ctx.state.source = source;
    ctx.state.origin = addresses.origin(ctx.req.socket);
    ctx.state.client = clientOf(callerOf(ctx));
    note(ctx, { source: source.address, client: ctx.state.client.id });
    return next();
  };
}

function sourceFor(
  ctx: BootContext,
  { edge, sourcePolicy, metrics }: BootParts,
  addresses: ConnectionAddresses,
): Source | Refusal {
  const { method = '', rawHeaders, headers, socket } = ctx.req;
  if (edge) {
    // The target as it came: of that, to the byte, the edge has made its MAC.
    const verdict = edge({ method, target: ctx.originalUrl, rawHeaders });
    if (verdict.ok) note(ctx, { edge: verdict.kid, ...(verdict.hw && { hw: verdict.hw }) });
    else {
      metrics.edgeRefusals.inc({ reason: verdict.failure });
      note(ctx, { edge_refusal: verdict.failure });
    }
    return vouchedSource(verdict, sourcePolicy);
  }
  const forwardedFor = headers['x-forwarded-for'];
  const hops = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor;
  return addresses.source(socket, hops);
}
