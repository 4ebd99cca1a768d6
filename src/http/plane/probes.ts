import { setTimeout as sleep } from 'node:timers/promises';
import type { PlaneContext } from './context.ts';
import type { PageAnswer, PageRoute } from './page-route.ts';

/** A store that takes longer is down for whoever asks; probes wait no longer either. */
const patienceMs = 2_000;

const states = { enum: ['ok', 'down'] };
const json = (required: readonly string[], properties: object): Omit<PageAnswer, 'description'> => ({
  type: 'application/json',
  schema: { type: 'object', required, properties, additionalProperties: false },
  cache: 'no-store',
});
const alive = {
  answers: { 200: { description: 'It is', ...json(['status'], { status: { const: 'ok' } }) } },
  answer: (ctx: PlaneContext) => say(ctx, 200, { status: 'ok' }),
};
const readiness = json(['status', 'records', 'storage'], {
  status: { enum: ['ok', 'error'] },
  records: states,
  storage: states,
});

/** The probes: on every listener, for everybody. Liveness asks nobody else, so that a store's outage restarts no broker. */
export const probeRoutes: readonly PageRoute[] = [
  { path: '/healthz', summary: 'The process is alive', ...alive },
  { path: '/health/liveness', summary: 'The process is alive', ...alive },
  { path: '/health/startup', summary: 'The process has started', ...alive },
  {
    path: '/readyz',
    summary: 'Records and storage answer',
    answers: {
      200: { description: 'Both do', ...readiness },
      503: { description: 'One does not', ...readiness },
    },
    async answer(ctx, { records, blobs }) {
      const [recordsState, storageState] = await Promise.all([state(records.ping()), state(blobs.ping())]);
      const ready = recordsState === 'ok' && storageState === 'ok';
      say(ctx, ready ? 200 : 503, {
        status: ready ? 'ok' : 'error',
        records: recordsState,
        storage: storageState,
      });
    },
  },
];

async function state(ping: Promise<void>): Promise<'ok' | 'down'> {
  const answered = ping.then(
    () => 'ok' as const,
    () => 'down' as const,
  );
  return Promise.race([answered, sleep(patienceMs, 'down' as const, { ref: false })]);
}

function say(ctx: PlaneContext, status: number, body: unknown): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = body;
}
