import { createHash } from 'node:crypto';
import type { PlaneContext } from './context.ts';

/** What changes with the program alone: whoever has it already is told so. */
export interface StaticPage {
  readonly type: string;
  readonly body: string | Buffer;
  readonly etag: string;
}

export function staticPage(type: string, body: string | Buffer): StaticPage {
  const digest = createHash('sha256').update(body).digest('base64url');
  return { type, body, etag: `"${digest.slice(0, 22)}"` };
}

/** Answers with the page, or that it is still the one (RFC 9110 section 13.1.2). */
export function sendPage(ctx: PlaneContext, { type, body, etag }: StaticPage): void {
  ctx.set({ ETag: etag, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' });
  ctx.status = 200;
  if (ctx.fresh) ctx.status = 304;
  else {
    ctx.type = type;
    ctx.body = body;
  }
}
