import type { Problem } from '../../boot/problem.ts';
import { type BootRoute, bootRoutes, reportRoute } from '../boot/routes.ts';
import type { Components } from './components.ts';
import { operationId, pathParameters, queryParameters } from './parameters.ts';
import { beforeRoutes, problemResponses, requestId } from './problems.ts';

/** The boot plane's paths. */
export function bootPaths(components: Components): Record<string, Record<string, object>> {
  const paths = bootRoutes.map((route) => [
    route.path,
    { get: operation(route, 'get', components), head: operation(route, 'head', components) },
  ]);
  const report = reportRoute.path;
  return {
    ...Object.fromEntries(paths),
    [report]: { get: reported('get', components), post: reported('post', components) },
  };
}

function operation(route: BootRoute, method: 'get' | 'head', components: Components): object {
  const { path } = route;
  const script = route.serves !== 'asset' ? { 'text/plain': { schema: { type: 'string' } } } : {};
  const gives = route.serves !== 'script';
  const problems = [...beforeRoutes.boot, ...route.problems, ...(gives ? problemsOfBytes(method) : [])];
  return {
    summary: route.summary,
    operationId: operationId(method, path),
    tags: ['boot'],
    security: [],
    parameters: [
      ...pathParameters(path),
      ...queryParameters(route.query),
      edge,
      ...(gives ? conditions(method) : []),
    ],
    responses: {
      ...(gives ? answersWithBytes(method, script) : { 200: whole(method, script, {}) }),
      ...problemResponses(problems, components),
    },
  };
}

function problemsOfBytes(method: 'get' | 'head'): readonly Problem[] {
  return method === 'get'
    ? ['precondition-failed', 'range-not-satisfiable', 'too-many-streams']
    : ['precondition-failed'];
}

type Content = Record<string, object>;
const binary: Content = { '*/*': { schema: { description: 'The bytes, of the type stored with them' } } };

const string = { schema: { type: 'string' } };
const validators = {
  ETag: { description: "Strong, and the storage's own", schema: { type: 'string', pattern: '^".*"$' } },
  'Last-Modified': string,
  'Accept-Ranges': { schema: { const: 'bytes' } },
  'Content-Disposition': { description: 'attachment, with a safe file name', ...string },
};
const always = {
  'Content-Length': { required: true, schema: { type: 'integer', minimum: 0 } },
  'Cache-Control': { required: true, ...string },
  'X-Content-Type-Options': { required: true, schema: { const: 'nosniff' } },
};

/** Where BROKER_EDGE_KEYS is set, nobody is served without. */
const edge = { name: 'X-Boot-Edge', in: 'header', description: 'An edge vouches for who asks', ...string };
const handoff = {
  'X-Accel-Redirect': {
    description: 'Only to an edge that follows: where it finds the bytes, which this answer then lacks',
    ...string,
  },
};

/** HEAD says the same without the bytes. */
function whole(method: 'get' | 'head', content: Content, headers: object): object {
  return {
    description: method === 'get' ? 'All of it' : 'What GET would give, without it',
    headers: { ...always, ...headers, ...requestId },
    ...(method === 'get' && { content }),
  };
}

/** A client that follows redirects gets one to the storage; who does not gets the bytes, by the rules of RFC 9110. */
function answersWithBytes(method: 'get' | 'head', script: Content): Record<number, object> {
  const { 'Content-Length': _, ...known } = { ...always, ...validators };
  const same = {
    304: { description: 'It is the one that the client has', headers: { ...known, ...requestId } },
  };
  const answers = { 200: whole(method, { ...script, ...binary }, validators), ...same };
  if (method === 'head') return answers;
  const part = { 'Content-Range': { required: true, description: 'bytes FIRST-LAST/SIZE', ...string } };
  return {
    ...answers,
    200: whole(method, { ...script, ...binary }, { ...validators, ...handoff }),
    206: {
      description: 'The range that was asked for',
      headers: { ...always, ...validators, ...part, ...requestId },
      content: binary,
    },
    302: {
      description: 'Where the bytes are, for clients that follow',
      headers: {
        Location: {
          required: true,
          description: 'A signed URL that works for minutes: a bearer capability, never to be logged',
          schema: { type: 'string', format: 'uri' },
        },
        ...always,
        'Cache-Control': { required: true, schema: { const: 'no-store' } },
        ...requestId,
      },
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
  };
}

/** RFC 9110 sections 13.1 and 14.2. */
function conditions(method: 'get' | 'head'): object[] {
  const names = ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'];
  const ranges = method === 'get' ? ['Range', 'If-Range'] : [];
  return [...names, ...ranges].map((name) => ({ name, in: 'header', ...string }));
}

function reported(method: 'get' | 'post', components: Components): object {
  const { path } = reportRoute;
  const kept = {
    type: 'object',
    required: ['machine_id', 'stage'],
    properties: { machine_id: { type: 'string' }, stage: { type: 'string' } },
    additionalProperties: false,
  };
  const problems: readonly Problem[] = [
    ...beforeRoutes.boot,
    ...reportRoute.problems,
    ...(method === 'post' ? (['body-too-large', 'unsupported-media-type'] as const) : []),
  ];
  return {
    summary: reportRoute.summary,
    operationId: operationId(method, path),
    tags: ['boot'],
    security: [],
    parameters: [...pathParameters(path), ...queryParameters(reportRoute.query), edge],
    ...(method === 'post' && {
      requestBody: { content: { '*/*': { schema: { type: 'string', maxLength: 16 * 1024 } } } },
    }),
    responses: {
      200: {
        description: 'It is kept',
        headers: requestId,
        content: { 'application/json': { schema: kept } },
      },
      ...problemResponses(problems, components),
    },
  };
}
