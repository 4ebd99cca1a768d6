import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { statusClass } from '../../telemetry/metrics/of-requests.ts';
import { wentOut } from './answer-end.ts';
import type { PlaneContext, PlaneMiddleware } from './context.ts';
import type { CommonParts } from './parts.ts';
import { StrangerLog } from './stranger-log.ts';

/** What the log calls a request whose client left before its answer began: nginx's number for it, on no wire. */
const clientLeft = 499;

/** Adds to what the log will say of this request. */
export function note(ctx: PlaneContext, fields: Readonly<Record<string, unknown>>): void {
  Object.assign(ctx.state.notes, fields);
}

/** Milliseconds since the request came in. */
export function elapsedMs(ctx: PlaneContext): number {
  return performance.now() - ctx.state.startedAt;
}

/** Gives the request an id: for its line in the log, and for whoever asks about it. */
function setRequestId(ctx: PlaneContext, id: string): void {
  ctx.state.requestId = id;
  ctx.state.about = { ...ctx.state.about, request_id: id };
  ctx.set('X-Request-Id', id);
}

/** Takes the id that the request came with. For edges and trusted proxies: anybody else could pass for another's request. */
export function believeRequestId(ctx: PlaneContext): void {
  const given = ctx.get('X-Request-Id');
  if (/^[A-Za-z0-9._-]{1,128}$/.test(given)) setRequestId(ctx, given);
}

/**
 * One line and one count for each request, when its answer has ended or its client is gone. The query is left out:
 * what it says of the machine is noted by name.
 */
export function logRequests(
  plane: 'boot' | 'admin',
  { log, metrics }: Pick<CommonParts, 'log' | 'metrics'>,
  strangers: StrangerLog,
): PlaneMiddleware {
  return async (ctx, next) => {
    setRequestId(ctx, randomUUID());
    ctx.state.startedAt = performance.now();
    ctx.state.notes = {};
    const { remoteAddress } = ctx.req.socket;
    const write = (status: number) => {
      const { notes } = ctx.state;
      const ms = elapsedMs(ctx);
      const route = String(ctx.state.route ?? 'none');
      const plan = String(notes.plan ?? 'none');
      const about = { plane, route, status_class: statusClass(status), plan };
      metrics.requests.inc({ ...about, method: method(ctx) });
      metrics.seconds.observe(about, ms / 1000);
      metrics.bytes.inc(about, sentBytes(ctx, status));
      if (notes.problem) metrics.refusals.inc({ plane, problem: String(notes.problem) });
      const fields = {
        plane,
        ...ctx.state.about,
        method: ctx.method,
        path: ctx.req.url?.split('?')[0]?.slice(0, 512),
        status,
        source: remoteAddress,
        user_agent: ctx.get('User-Agent').slice(0, 256) || undefined,
        ms: round(ms),
        ...notes,
        ...(!wentOut(ctx.res) && { hung_up: true }),
      };
      if (StrangerLog.isStranger(notes.problem)) strangers.write(remoteAddress, fields, 'request');
      else if (status >= 500) log.warn(fields, 'request');
      else if (/^\/(health|readyz|metrics)/.test(fields.path ?? '')) log.debug(fields, 'request');
      else log.info(fields, 'request');
    };
    // A transfer that was cut notes how far it came when it hears of the same event.
    ctx.res.once('close', () => setImmediate(write, ctx.headerSent ? ctx.res.statusCode : clientLeft));
    await next();
  };
}

/** Bytes of its body; of one that was broken off, where nobody noted them, what it was to have. */
function sentBytes(ctx: PlaneContext, status: number): number {
  const { bytes, plan } = ctx.state.notes;
  if (plan === 'stream') return Number(bytes ?? 0);
  if (ctx.method === 'HEAD' || status === 304) return 0;
  return Number(ctx.res.getHeader('Content-Length') ?? 0);
}

/** Labels stay few, whatever is sent. */
function method(ctx: PlaneContext): string {
  return /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(ctx.method) ? ctx.method : 'other';
}

export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
