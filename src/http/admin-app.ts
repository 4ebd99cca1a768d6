import type Koa from 'koa';
import { adminRoutes } from './admin.ts';
import { authenticate, knownHost } from './auth.ts';
import { docsPage } from './docs-page.ts';
import { metricsPage } from './health.ts';
import { Router } from './node-http.ts';
import { openapiPage } from './openapi-page.ts';
import type { AdminParts } from './parts.ts';
import { planeApp } from './plane.ts';
import { handleRoute, routerPath } from './route.ts';

/** What administrators ask: by name and token, JSON only. */
export function adminApp(parts: AdminParts): Koa {
  const router = new Router({ strict: true, sensitive: true });
  for (const route of adminRoutes)
    router[route.method](routerPath(route), async (ctx) => {
      ctx.state.route = route.path;
      await handleRoute(ctx, route, parts);
    });
  const open = [knownHost(parts.adminHosts), metricsPage(parts), openapiPage(), docsPage()];
  return planeApp('admin', parts, [...open, authenticate(parts)], router);
}
