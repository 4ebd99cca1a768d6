import { problems, type Refusal, refuse } from '../../boot/problem.ts';
import { StoreDown } from '../../boot/store-down.ts';
import { BadCursor } from '../../records/cursor.ts';
import { cut } from './answer-end.ts';
import type { PlaneContext, PlaneMiddleware } from './context.ts';
import { isClientError } from './hang-ups.ts';
import type { CommonParts } from './parts.ts';
import { note } from './request-log.ts';

/** A loader that is told so comes back by itself; a later try finds the store up, or a place. In seconds. */
export const retryAfter = { 'Retry-After': '5' };

/** Answers with RFC 9457 problem details. Whatever had been prepared for the answer is dropped. */
export function answerProblem(ctx: PlaneContext, refusal: Refusal): void {
  const { status } = problems[refusal.problem];
  for (const name of Object.keys(ctx.response.headers)) if (name !== 'x-request-id') ctx.remove(name);
  ctx.status = status;
  ctx.set({ 'Cache-Control': 'no-store', ...refusal.headers });
  ctx.body = problemJson(refusal, { instance: `urn:request:${ctx.state.requestId}` });
  ctx.type = 'application/problem+json';
  note(ctx, { plan: 'refuse', problem: refusal.problem, reason: refusal.logged ?? refusal.detail });
}

/** The problem as it goes over the wire. */
export function problemJson({ problem, detail, errors }: Refusal, more: { instance?: string } = {}): string {
  const type = `urn:bootbroker:problem:${problem}`;
  return JSON.stringify({ type, ...problems[problem], detail, ...(errors && { errors }), ...more });
}

/** Turns faults into answers: a store that is down is 503, a cursor that nobody made 400, everything else is ours, 500. */
export function catchFaults({ log, metrics }: Pick<CommonParts, 'log' | 'metrics'>): PlaneMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (error instanceof BadCursor)
        return answerProblem(ctx, refuse('bad-input', `query.cursor: ${error.message}`));
      if (isClientError(error)) {
        if (ctx.headerSent) return cut(ctx.res);
        return answerProblem(ctx, refuse('bad-request', 'The request broke off, or is not as HTTP has it.'));
      }
      note(ctx, { error });
      if (error instanceof StoreDown) metrics.faults.inc({ store: error.store });
      else log.error({ error, ...ctx.state.about }, 'the broker failed');
      if (ctx.headerSent) cut(ctx.res);
      else answerProblem(ctx, faultRefusal(error, ctx.state.faultHeaders));
    }
  };
}

function faultRefusal(error: unknown, headers: Record<string, string> | undefined): Refusal {
  if (!(error instanceof StoreDown))
    return refuse(
      'internal',
      'This is a defect of the broker. Its log has the details, under this request id.',
    );
  if (/disk .*is full/.test(error.message))
    return refuse(
      'store-down',
      `The disk of the ${error.store} is full, and nothing was changed. Make room there, then try again.`,
      headers,
    );
  return refuse(
    'store-down',
    `The ${error.store} did not answer. Nothing is wrong with the request: try again; the broker's log has the cause.`,
    headers,
  );
}
