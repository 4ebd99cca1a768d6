import type { Routed } from '../plane/context.ts';
import { metricsPage } from '../plane/health.ts';
import { Router } from '../plane/node-http.ts';
import { openapiPage } from '../plane/openapi-page.ts';
import { type PlaneApp, planeApp } from '../plane/plane.ts';
import { routerPath } from '../plane/router-path.ts';
import type { AdminContext, AdminState } from './context.ts';
import { docsPage } from './docs-page.ts';
import { authenticate, knownHost } from './login/auth.ts';
import type { AdminParts } from './parts.ts';
import { handleRoute } from './route.ts';
import { adminRoutes } from './routes.ts';

/** What administrators ask: by name and token, JSON only. */
export function adminApp(parts: AdminParts): PlaneApp {
  const router = new Router<AdminState, Routed>({ strict: true, sensitive: true });
  for (const route of adminRoutes)
    router[route.method](routerPath(route.path), async (ctx: AdminContext) => {
      ctx.state.route = route.path;
      await handleRoute(ctx, route, parts);
    });
  const open = [knownHost(parts.adminHosts), metricsPage(parts), openapiPage(parts), docsPage()];
  return planeApp('admin', parts, [...open, authenticate(parts)], router);
}
