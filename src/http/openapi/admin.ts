import type { ZodType } from 'zod';
import { acceptsNothing, type Route, type RouteAnswer } from '../admin/route.ts';
import { adminRoutes } from '../admin/routes.ts';
import { type Components, jsonSchema } from './components.ts';
import { pathParameters } from './parameters.ts';
import { beforeRoutes, problemResponses, requestId } from './problems.ts';

/** The admin plane's paths; what their schemas name is added to the components. */
export function adminPaths(components: Components): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of adminRoutes)
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, components) };
  return paths;
}

function operation(route: Route, components: Components): object {
  const answers = Object.entries(route.answers).map(([status, declared]) => [
    status,
    response(status, declared, components),
  ]);
  return {
    summary: route.summary,
    operationId: `${route.method} ${route.path}`.replaceAll(/\W+/g, '_').replace(/_$/, ''),
    description: `Needs the role ${route.role}.`,
    tags: [route.path.split('/')[3]],
    security: [{ bearer: [] }],
    parameters: [
      ...pathParameters(route.path),
      ...parametersIn('query', route.query, components),
      ...parametersIn('header', route.headers, components),
    ],
    ...(route.body && {
      requestBody: {
        required: !acceptsNothing(route.body),
        content: { 'application/json': { schema: jsonSchema(route.body, 'input', components) } },
      },
    }),
    responses: { ...Object.fromEntries(answers), ...problemResponses(problemsOf(route), components) },
  };
}

function problemsOf({ query, headers, body, problems }: Route) {
  return [
    ...beforeRoutes.admin,
    ...problems,
    ...(query || headers || body ? (['bad-input'] as const) : []),
    ...(body ? (['body-too-large', 'unsupported-media-type'] as const) : []),
  ];
}

function response(
  status: string,
  { description, body, headers = {} }: RouteAnswer,
  components: Components,
): object {
  const always = Object.entries(headers).map(([name, says]) => [
    name,
    { required: true, description: says, schema: { type: 'string' } },
  ]);
  const schema = body ? jsonSchema(body, 'output', components) : {};
  return {
    description,
    headers: { ...Object.fromEntries(always), ...requestId },
    ...(status !== '204' && { content: { 'application/json': { schema } } }),
  };
}

function parametersIn(place: 'query' | 'header', schema: ZodType | undefined, components: Components) {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input', components) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema,
  }));
}
