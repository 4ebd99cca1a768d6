import { type Problem, problems } from '../../boot/problem.ts';
import type { Components } from './components.ts';

/** Before any route is looked for, on every listener. */
export const anywhere: readonly Problem[] = [
  'bad-request',
  'bad-request-target',
  'request-timeout',
  'headers-too-large',
  'internal',
  'store-down',
];

/** What stands before the routes of a plane, and answers instead of them. */
export const beforeRoutes = {
  boot: [...anywhere, 'misdirected', 'source-not-allowed', 'not-vouched'],
  admin: [...anywhere, 'misdirected', 'unauthenticated', 'issuer-down', 'forbidden'],
} as const satisfies Record<string, readonly Problem[]>;

/** Where nothing is served, or not by this method. */
export const outsideRoutes: readonly Problem[] = ['no-such-route', 'method-not-allowed'];

/** Headers that come with some of the problems of a status. */
const headers: Readonly<Record<number, Readonly<Record<string, object>>>> = {
  401: { 'WWW-Authenticate': { required: true, description: 'Bearer', schema: { type: 'string' } } },
  405: { Allow: { required: true, description: 'The methods that are served', schema: { type: 'string' } } },
  412: { ETag: { description: 'What it is at now, where it has a version', schema: { type: 'string' } } },
  415: {
    'Accept-Encoding': { description: 'identity, if it was the encoding', schema: { type: 'string' } },
  },
  416: {
    'Content-Range': { required: true, description: 'bytes */SIZE', schema: { type: 'string' } },
  },
  429: { 'Retry-After': { required: true, description: 'Seconds', schema: { type: 'integer' } } },
  503: {
    'Retry-After': {
      description: 'Seconds. Where bytes are asked for; never where a script is: iPXE would obey for ever',
      schema: { type: 'integer' },
    },
  },
};

/** The responses for these problems, by status: which of the types may come is part of it. */
export function problemResponses(
  names: Iterable<Problem>,
  { responses }: Components,
): Record<number, { readonly $ref: string }> {
  const byStatus = Map.groupBy(new Set(names), (name) => problems[name].status);
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => {
      const name = some.sort().join('.');
      responses[name] ??= problemResponse(status, some);
      return [status, { $ref: `#/components/responses/${name}` }];
    }),
  );
}

function problemResponse(status: number, names: readonly Problem[]): object {
  const types = names.map((name) => `urn:bootbroker:problem:${name}`);
  const schema = {
    allOf: [
      { $ref: '#/components/schemas/Problem' },
      { properties: { type: { enum: types }, status: { const: status } } },
    ],
  };
  return {
    description: names.map((name) => problems[name].title).join('; '),
    headers: { ...common, ...headers[status] },
    content: { 'application/problem+json': { schema } },
  };
}

/** With every answer. */
export const requestId = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };
export const requestIdHeader = {
  description: "As it was sent, or the broker's own; its log has it",
  schema: { type: 'string' },
};
const common = { 'Cache-Control': { required: true, schema: { const: 'no-store' } }, ...requestId };

/** RFC 9457. */
export const problemSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457)',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { enum: Object.keys(problems).map((name) => `urn:bootbroker:problem:${name}`) },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, to what, and what to do next' },
    errors: {
      type: 'array',
      description: 'Which parts of the body are wrong',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'JSON Pointer as a URI fragment (RFC 6901 section 6)' },
          detail: { type: 'string' },
        },
      },
    },
    instance: { type: 'string', description: 'urn:request: and the X-Request-Id' },
  },
};
