import { answerProblem } from './answer-problem.ts';
import { isBearer, unauthenticated } from './bearer.ts';
import type { PageRoute } from './page-route.ts';
import type { CommonParts } from './parts.ts';

/**
 * Whether metrics stand before all else that a plane asks of whoever comes: their token says enough. Without one they are for
 * those whom the plane is for.
 */
export function asksTokenAlone({ metricsPage, metricsToken }: CommonParts): boolean {
  return metricsPage === 'on' && metricsToken !== undefined;
}

/** Prometheus metrics, behind a bearer token if there is one. */
export const metricsRoute: PageRoute = {
  path: '/metrics',
  summary:
    'Prometheus metrics: for whoever the plane is for, or for whoever has their token, if there is one',
  answers: {
    200: {
      description: 'As they are now',
      type: 'text/plain',
      schema: { type: 'string' },
      cache: 'no-store',
    },
  },
  problems: ['unauthenticated', 'no-such-route'],
  metricsToken: true,
  isServed: ({ metricsPage }) => metricsPage === 'on',
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
