import { type Problem, refuse } from '../../boot/problem.ts';
import { answerProblem } from './answer-problem.ts';
import type { PlaneContext, PlaneMiddleware } from './context.ts';
import type { CommonParts } from './parts.ts';

/** What a page answers with one status. */
export interface PageAnswer {
  readonly description: string;
  /** Media type, and JSON Schema of what comes; without them there is no body. */
  readonly type?: string;
  readonly schema?: object;
  /** `no-store`: it is as things are now. `no-cache`: it changes with the program alone, and has an ETag. */
  readonly cache: 'no-store' | 'no-cache';
}

/** One path that answers GET and HEAD before any route is looked for: this declaration serves it and documents it. */
export interface PageRoute {
  readonly path: string;
  readonly summary: string;
  /** By status. */
  readonly answers: Readonly<Record<number, PageAnswer>>;
  /** Its own; what stands before it adds its own (openapi/problems.ts). */
  readonly problems?: readonly Problem[];
  /** It may ask for the bearer token of BROKER_METRICS_TOKEN. */
  readonly metricsToken?: true;
  /** Whether it is served at all; unset: it is. */
  readonly isServed?: (parts: CommonParts) => boolean;
  readonly answer: (ctx: PlaneContext, parts: CommonParts) => void | Promise<void>;
}

/** Serves these pages, and refuses what else their paths are asked. */
export function servePages(routes: readonly PageRoute[], parts: CommonParts): PlaneMiddleware {
  const byPath = new Map(routes.map((route) => [route.path, route]));
  return async (ctx, next) => {
    const route = byPath.get(ctx.path);
    if (!route) return next();
    ctx.state.route = route.path;
    if (route.isServed?.(parts) === false)
      return answerProblem(ctx, refuse('no-such-route', `${route.path} is switched off here.`));
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return route.answer(ctx, parts);
    const only = { Allow: 'GET, HEAD' };
    answerProblem(
      ctx,
      refuse('method-not-allowed', `${ctx.method} is not served here, but GET, HEAD.`, only),
    );
  };
}

/** The answers of a page that changes with the program alone. */
export function staticAnswers(type: string, schema: object): PageRoute['answers'] {
  return {
    200: { description: 'As it is in this version', type, schema, cache: 'no-cache' },
    304: { description: 'It is the one that the client has', cache: 'no-cache' },
  };
}
