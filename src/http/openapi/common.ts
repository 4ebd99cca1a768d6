import type { Problem } from '../../boot/problem.ts';
import type { Components } from './components.ts';
import { pathParameters } from './parameters.ts';
import { anywhere, beforeRoutes, problemResponses, requestId } from './problems.ts';

const noStore = { 'Cache-Control': { required: true, schema: { const: 'no-store' } } };
const state = { enum: ['ok', 'down'] };
const readiness = {
  'application/json': {
    schema: {
      type: 'object',
      required: ['status', 'records', 'storage'],
      properties: { status: { enum: ['ok', 'error'] }, records: state, storage: state },
      additionalProperties: false,
    },
  },
};
const alive = {
  'application/json': {
    schema: {
      type: 'object',
      required: ['status'],
      properties: { status: { const: 'ok' } },
      additionalProperties: false,
    },
  },
};

/** Before these stands less than before the routes of either plane: probes are for everybody. */
const ofProbes: readonly Problem[] = ['bad-request', 'bad-request-target', 'request-timeout', 'internal'];
const ofPages: readonly Problem[] = [...beforeRoutes.boot, ...beforeRoutes.admin].filter(
  (problem) => problem !== 'unauthenticated' && problem !== 'forbidden',
);

const uncached = { headers: { ...noStore, ...requestId } };

/** What every listener of the broker answers. */
export function commonPaths(components: Components): Record<string, object> {
  const get = (
    operationId: string,
    summary: string,
    answers: object,
    problems: readonly Problem[],
    security: object[] = [],
  ) => ({
    get: {
      summary,
      operationId,
      tags: ['broker'],
      security,
      responses: { ...answers, ...problemResponses(problems, components) },
    },
  });
  const ok = { 200: { description: 'It is', ...uncached, content: alive } };
  return {
    '/healthz': get('healthz', 'The process is alive', ok, ofProbes),
    '/health/liveness': get('liveness', 'The process is alive', ok, ofProbes),
    '/health/startup': get('startup', 'The process has started', ok, ofProbes),
    '/readyz': get(
      'readyz',
      'Records and storage answer',
      {
        200: { description: 'Both do', ...uncached, content: readiness },
        503: { description: 'One does not', ...uncached, content: readiness },
      },
      ofProbes,
    ),
    '/metrics': get(
      'metrics',
      'Prometheus metrics',
      {
        200: {
          description: 'As they are now',
          ...uncached,
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
      [...ofPages, 'unauthenticated'],
      [{ metrics: [] }, {}],
    ),
    '/openapi.json': get(
      'openapi',
      'This document',
      pageAnswers('application/json', { type: 'object', required: ['openapi', 'paths'] }),
      ofPages,
    ),
  };
}

/** The description to be read by people, on the admin plane. */
export function docsPaths(components: Components): Record<string, object> {
  const get = (operationId: string, summary: string, answers: object, problems: readonly Problem[] = []) => ({
    get: {
      operationId,
      summary,
      tags: ['broker'],
      security: [],
      parameters: operationId === 'docs' ? [] : pathParameters('/docs/{file}'),
      responses: {
        ...answers,
        ...problemResponses([...anywhere, 'misdirected', ...problems], components),
      },
    },
  });
  return {
    '/docs': get('docs', 'This document as a page', pageAnswers('text/html', { type: 'string' })),
    '/docs/{file}': get(
      'docs_file',
      'What that page is made of',
      pageAnswers('*/*', { type: 'string' }),
      // Whoever has no token is not told what is not there.
      ['unauthenticated', 'no-such-route'],
    ),
  };
}

function pageAnswers(type: string, schema: object): object {
  const headers = {
    ETag: { required: true, schema: { type: 'string' } },
    'Cache-Control': { required: true, schema: { const: 'no-cache' } },
    ...requestId,
  };
  return {
    200: { description: 'As it is in this version', headers, content: { [type]: { schema } } },
    304: { description: 'It is the one that the client has', headers },
  };
}
