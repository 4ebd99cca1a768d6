import { setTimeout as sleep } from 'node:timers/promises';
import { isBearer, unauthenticated } from './bearer.ts';
import type { PlaneContext, PlaneMiddleware } from './context.ts';
import { answerProblem } from './errors.ts';
import type { CommonParts } from './parts.ts';
import { pages } from './static-page.ts';

/** A store that takes longer is down for whoever asks; probes wait no longer either. */
const patienceMs = 2_000;

/** The probes: on every listener, for everybody. Liveness asks nobody else, so that a store's outage restarts no broker. */
export function health({ records, blobs }: Pick<CommonParts, 'records' | 'blobs'>): PlaneMiddleware {
  const alive = (ctx: PlaneContext) => answer(ctx, 200, { status: 'ok' });
  return pages({
    '/healthz': alive,
    '/health/liveness': alive,
    '/health/startup': alive,
    async '/readyz'(ctx) {
      const [recordsState, storageState] = await Promise.all([state(records.ping()), state(blobs.ping())]);
      const ready = recordsState === 'ok' && storageState === 'ok';
      answer(ctx, ready ? 200 : 503, {
        status: ready ? 'ok' : 'error',
        records: recordsState,
        storage: storageState,
      });
    },
  });
}

async function state(ping: Promise<void>): Promise<'ok' | 'down'> {
  const answered = ping.then(
    () => 'ok' as const,
    () => 'down' as const,
  );
  return Promise.race([answered, sleep(patienceMs, 'down' as const, { ref: false })]);
}

function answer(ctx: PlaneContext, status: number, body: unknown): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = body;
}

/** Prometheus metrics, behind a bearer token if there is one. */
export function metricsPage({
  metrics,
  metricsToken,
}: Pick<CommonParts, 'metrics'> & { metricsToken: string | undefined }): PlaneMiddleware {
  return pages({
    async '/metrics'(ctx) {
      if (metricsToken !== undefined && !isBearer(ctx, metricsToken))
        return answerProblem(
          ctx,
          unauthenticated('Send Authorization: Bearer with the token of BROKER_METRICS_TOKEN.'),
        );
      ctx.set({ 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' });
      ctx.body = await metrics.text();
    },
  });
}
