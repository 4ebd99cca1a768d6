import { answerProblem } from './answer-problem.ts';
import { isBearer, unauthenticated } from './bearer.ts';
import type { PageRoute } from './page-route.ts';

/** Prometheus metrics, behind a bearer token if there is one. */
export const metricsRoute: PageRoute = {
  path: '/metrics',
  summary: 'Prometheus metrics',
  answers: {
    200: {
      description: 'As they are now',
      type: 'text/plain',
      schema: { type: 'string' },
      cache: 'no-store',
    },
  },
  problems: ['unauthenticated'],
  metricsToken: true,
  async answer(ctx, { metrics, metricsToken }) {
    if (metricsToken !== undefined && !isBearer(ctx, metricsToken))
      return answerProblem(
        ctx,
        unauthenticated('Send Authorization: Bearer with the token of BROKER_METRICS_TOKEN.'),
      );
    ctx.set({ 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' });
    ctx.body = await metrics.text();
  },
};
