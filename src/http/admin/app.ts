import type { Routed } from '../plane/context.ts';
import { metricsRoute } from '../plane/metrics-page.ts';
import { Router } from '../plane/node-http.ts';
import { openapiRoute } from '../plane/openapi-page.ts';
import { servePages } from '../plane/page-route.ts';
import { type PlaneApp, planeApp } from '../plane/plane.ts';
import { routerPath } from '../plane/router-path.ts';
import type { AdminContext, AdminState } from './context.ts';
import { docsRoutes } from './docs-page.ts';
import { authenticate, knownHost, nameByProxy, traceByProxy } from './login/authenticate.ts';
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
  const open = [
    nameByProxy(parts),
    knownHost(parts.adminHosts),
    servePages([metricsRoute, openapiRoute, ...docsRoutes], parts),
  ];
  return planeApp('admin', parts, [...open, authenticate(parts), traceByProxy(parts)], router);
}
