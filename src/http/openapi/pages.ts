import type { Problem } from '../../boot/problem.ts';
import { docsRoutes } from '../admin/docs-page.ts';
import { metricsRoute } from '../plane/metrics-page.ts';
import { openapiRoute } from '../plane/openapi-page.ts';
import type { PageAnswer, PageRoute } from '../plane/page-route.ts';
import { probeRoutes } from '../plane/probes.ts';
import type { Components } from './components.ts';
import { operationId } from './parameters.ts';
import { anywhere, beforeRoutes, problemResponses, requestId } from './problems.ts';

/** Before these stands less than before the routes of either plane: probes are for everybody. */
const beforeProbes: readonly Problem[] = ['bad-request', 'bad-request-target', 'request-timeout', 'internal'];
const beforePages: readonly Problem[] = [...beforeRoutes.boot, ...beforeRoutes.admin].filter(
  (problem) => problem !== 'unauthenticated' && problem !== 'forbidden',
);

/** What is described here is not asked. */
const neverAsked = () => Promise.reject(new Error('the description asks no store'));

/** What every listener of the broker answers. */
export function commonPaths(components: Components): Record<string, object> {
  return {
    ...paths(probeRoutes(neverAsked), beforeProbes, components),
    ...paths([metricsRoute, openapiRoute], beforePages, components),
  };
}

/** The description to be read by people, on the admin plane. */
export function docsPaths(components: Components): Record<string, object> {
  return paths(docsRoutes, [...anywhere, 'misdirected'], components);
}

function paths(
  routes: readonly PageRoute[],
  before: readonly Problem[],
  components: Components,
): Record<string, object> {
  return Object.fromEntries(
    routes.map((route) => [route.path, { get: operation(route, before, components) }]),
  );
}

function operation(route: PageRoute, before: readonly Problem[], components: Components): object {
  const { path, summary, answers, problems = [], metricsToken } = route;
  const responses = Object.entries(answers).map(([status, answer]) => [status, response(answer)]);
  return {
    summary,
    operationId: operationId('get', path),
    tags: ['broker'],
    security: metricsToken ? [{ metrics: [] }, {}] : [],
    responses: {
      ...Object.fromEntries(responses),
      ...problemResponses([...before, ...problems], components),
    },
  };
}

function response({ description, type, schema, cache }: PageAnswer): object {
  return {
    description,
    headers: {
      'Cache-Control': { required: true, schema: { const: cache } },
      ...(cache === 'no-cache' && { ETag: { required: true, schema: { type: 'string' } } }),
      ...requestId,
    },
    ...(type && { content: { [type]: { schema } } }),
  };
}
