import type { Middleware } from 'koa';

/** `GET /openapi.json`, made when it is first asked for: it takes the schemas of every route, which no boot needs. */
export function openapiPage(): Middleware {
  let document: string | undefined;
  return async (ctx, next) => {
    if (ctx.path !== '/openapi.json') return next();
    ctx.state.route = ctx.path;
    const { openapi } = await import('./openapi/document.ts');
    document ??= JSON.stringify(openapi());
    ctx.type = 'application/json';
    ctx.body = document;
  };
}
