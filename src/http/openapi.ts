import { z } from 'zod';
import { problems } from '../boot/problem.ts';
import { adminRoutes } from './admin.ts';
import type { Route } from './route.ts';
import { bootRoutes } from './routes.ts';

const problemContent = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

/** What every listener of the broker answers. */
const commonRoutes = [
  ['/healthz', 'The process is alive'],
  ['/health/liveness', 'The process is alive'],
  ['/health/startup', 'The process has started'],
  ['/readyz', 'Records and storage answer; 503 when they do not'],
  ['/metrics', 'Prometheus metrics'],
  ['/openapi.json', 'This document'],
] as const;

/** Both planes as OpenAPI 3.1, made from the routes themselves. */
export function openapi(): object {
  const paths: Record<string, object> = {};
  for (const { path, summary, serves } of bootRoutes) {
    const answers = {
      200: { description: serves === 'script' ? 'A script, or the first stage' : 'The bytes' },
      ...(serves === 'asset' && { 206: { description: 'The range that was asked for' } }),
      302: { description: 'The signed URL, for clients that follow one' },
      default: { description: 'A problem', content: problemContent },
    };
    const shown = path.replace(/:(\w+)/g, '{$1}');
    const operation = { summary, parameters: pathParameters(shown), responses: answers };
    paths[shown] = { get: operation, head: operation };
  }
  const report = { summary: 'A machine says how far it got', parameters: pathParameters('/report/{stage}') };
  const kept = {
    responses: {
      200: { description: 'It is kept' },
      default: { description: 'A problem', content: problemContent },
    },
  };
  paths['/report/{stage}'] = { get: { ...report, ...kept }, post: { ...report, ...kept } };
  for (const [path, summary] of commonRoutes)
    paths[path] = { get: { summary, responses: { 200: { description: 'As it is now' } } } };
  for (const route of adminRoutes)
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: { title: 'bootbroker', version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'detail'],
          properties: {
            type: { enum: Object.keys(problems).map((name) => `urn:bootbroker:problem:${name}`) },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            instance: { type: 'string' },
          },
        },
      },
    },
  };
}

function operationOf(route: Route): object {
  const byStatus = Object.entries(route.answers).map(([status, description]) => [status, { description }]);
  const refused = ['unauthenticated', ...route.problems] as const;
  const refusals = refused.map((name) => [
    problems[name].status,
    { description: problems[name].title, content: problemContent },
  ]);
  return {
    summary: route.summary,
    security: [{ bearer: [] }],
    parameters: [...pathParameters(route.path), ...queryParameters(route)],
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: inputSchema(route.body) } } },
    }),
    responses: Object.fromEntries([...byStatus, ...refusals]),
  };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: Route): object[] {
  if (!query) return [];
  const { properties = {} } = inputSchema(query) as { properties?: Record<string, object> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function inputSchema(schema: z.ZodType): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json;
}
