import { createHash } from 'node:crypto';
import { refuse } from '../../boot/problem.ts';
import type { PlaneContext, PlaneMiddleware } from './context.ts';
import { answerProblem } from './errors.ts';

/** Answers GET and HEAD of these paths, before any route is looked for; refuses what else they are asked. */
export function pages(
  answers: Readonly<Record<string, (ctx: PlaneContext) => void | Promise<void>>>,
): PlaneMiddleware {
  return async (ctx, next) => {
    const answer = Object.hasOwn(answers, ctx.path) ? answers[ctx.path] : undefined;
    if (!answer) return next();
    ctx.state.route = ctx.path;
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return answer(ctx);
    const only = { Allow: 'GET, HEAD' };
    answerProblem(
      ctx,
      refuse('method-not-allowed', `${ctx.method} is not served here, but GET, HEAD.`, only),
    );
  };
}

/** What changes with the program alone: whoever has it already is told so. */
export interface Page {
  readonly type: string;
  readonly body: string | Buffer;
  readonly etag: string;
}

export function page(type: string, body: string | Buffer): Page {
  const digest = createHash('sha256').update(body).digest('base64url');
  return { type, body, etag: `"${digest.slice(0, 22)}"` };
}

/** Answers with the page, or that it is still the one (RFC 9110 section 13.1.2). */
export function sendPage(ctx: PlaneContext, { type, body, etag }: Page): void {
  ctx.set({ ETag: etag, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' });
  ctx.status = 200;
  if (ctx.fresh) ctx.status = 304;
  else {
    ctx.type = type;
    ctx.body = body;
  }
}
