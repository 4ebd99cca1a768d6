import fc, { type Arbitrary } from 'fast-check';
import type { Operation, Parameter, Plane } from '../support/description.ts';
import type { Asking } from '../support/http.ts';
import { hostileText, type Known, nearly } from './arbitrary.ts';
import { hostileBodies } from './hostile.ts';

/** A request as `ask` sends it. */
export interface Request {
  readonly plane: Plane;
  readonly target: string;
  readonly asking: Asking & { readonly method: string };
}

/** An operation, and where it is. */
interface Asked {
  readonly path: string;
  readonly plane: Plane;
  readonly method: string;
  readonly operation: Operation;
}

/** Requests for an operation: what it takes, or nearly. */
export function requestsFor(
  { path, plane, method, operation: { parameters = [], requestBody } }: Asked,
  { known, token, agents }: { known: Known; token: string; agents: readonly string[] },
): Arbitrary<Request> {
  const named = (place: Parameter['in']) => parameters.filter((one) => one.in === place);
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  return fc
    .record({
      path: fc.tuple(...named('path').map((one) => textsFor(one, known))),
      query: pairsFor(named('query'), known),
      headers: pairsFor(named('header'), known),
      body: schema ? bodyFor(schema, known) : fc.constant(undefined),
      type: rarely('application/json', 'text/plain', '', 'application/json; charset=x'),
      encoding: rarely('', 'gzip'),
      authorization: rarely(`Bearer ${token}`, '', 'Bearer x', 'Basic eDp4'),
      method: rarely(method.toUpperCase(), ...(method === 'get' ? ['HEAD'] : []), 'PUT', 'DELETE', 'OPTIONS'),
      userAgent: fc.constantFrom(...agents),
    })
    .map((made): Request => {
      const filled = made.path.reduce((text, value) => text.replace(/\{\w+\}/, () => value), path);
      const query = made.query.map(([name, value]) => `${name}=${encoded(value)}`).join('&');
      const headers = made.headers.filter(([, value]) => /^[\x20-\x7e\x80-\xff]*$/.test(value));
      return {
        plane,
        target: query ? `${filled}?${query}` : filled,
        asking: {
          method: made.method,
          userAgent: made.userAgent,
          headers: {
            ...Object.fromEntries(headers),
            ...(plane === 'admin' && made.authorization && { Authorization: made.authorization }),
            ...(made.body !== undefined && { 'Content-Type': made.type }),
            ...(made.body !== undefined && made.encoding && { 'Content-Encoding': made.encoding }),
          },
          ...(made.body !== undefined && { body: made.body }),
        },
      };
    });
}

/** The first, but for one time in twenty. */
function rarely(usual: string, ...others: string[]): Arbitrary<string> {
  return fc.oneof(
    { weight: 19, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

function textsFor({ name, schema }: Parameter, known: Known): Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: nearly(schema, name, known).map((value) => encoded(spelled(value))) },
    { weight: 1, arbitrary: hostileText.map((text) => text.replace(/[^\x21-\x7e]/g, '')) },
  );
}

/** Some of the parameters, at times one that nobody knows, or one twice. */
function pairsFor(parameters: readonly Parameter[], known: Known): Arbitrary<[string, string][]> {
  const pairs = parameters.map(({ name, schema, required }) =>
    fc.oneof(
      { weight: required ? 19 : 1, arbitrary: pair(name, nearly(schema, name, known)) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
  );
  const other = fc.oneof({ weight: 19, arbitrary: fc.constant([]) }, pair('x-colour', hostileText));
  return fc.tuple(...pairs, other).map((some) => some.flat());
}

function pair(name: string, value: Arbitrary<unknown>): Arbitrary<[string, string][]> {
  return value.map((one) => [[name, spelled(one)]]);
}

function bodyFor(schema: object, known: Known): Arbitrary<string | Uint8Array> {
  return fc.oneof(
    { weight: 12, arbitrary: nearly(schema, 'body', known).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom(...hostileBodies) },
  );
}

function spelled(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
