import type { PlaneContext } from './context.ts';
import type { PageAnswer, PageRoute } from './page-route.ts';
import { factNames, type Readiness } from './readiness.ts';

const json = (required: readonly string[], properties: object): Omit<PageAnswer, 'description'> => ({
  type: 'application/json',
  schema: { type: 'object', required, properties, additionalProperties: false },
  cache: 'no-store',
});
const alive = {
  answers: { 200: { description: 'It is', ...json(['status'], { status: { const: 'ok' } }) } },
  answer: (ctx: PlaneContext) => say(ctx, 200, { status: 'ok' }),
};
const ready = json(['status', ...factNames], {
  status: { enum: ['ok', 'degraded', 'error'] },
  disk: { const: 'full', description: 'The disk of the records is; absent while it is not' },
  ...Object.fromEntries(factNames.map((name) => [name, { enum: ['ok', 'down'] }])),
});

/** The probes: on every listener, for everybody. Liveness asks nobody else, so that a store's outage restarts no broker. */
export function probeRoutes(ask: () => Promise<Readiness>): readonly PageRoute[] {
  return [
    { path: '/healthz', summary: 'The process is alive', ...alive },
    { path: '/health/liveness', summary: 'The process is alive', ...alive },
    { path: '/health/startup', summary: 'The process has started', ...alive },
    {
      path: '/readyz',
      summary: 'Records and storage answer',
      answers: {
        200: { description: 'Both do; degraded: machines boot, but the disk is full', ...ready },
        503: { description: 'One does not', ...ready },
      },
      async answer(ctx) {
        const { isReady, states, isDiskFull } = await ask();
        const status = isReady ? (isDiskFull ? 'degraded' : 'ok') : 'error';
        say(ctx, isReady ? 200 : 503, { status, ...states, ...(isDiskFull && { disk: 'full' }) });
      },
    },
  ];
}

function say(ctx: PlaneContext, status: number, body: unknown): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = body;
}
