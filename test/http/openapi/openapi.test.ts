import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import { problems } from '../../../src/boot/problem.ts';
import { adminRoutes } from '../../../src/http/admin/routes.ts';
import { bootRoutes } from '../../../src/http/boot/routes.ts';
import { openapi } from '../../../src/http/openapi/document.ts';
import { brokerFor } from '../../support/broker.ts';
import { ask } from '../../support/http.ts';

interface Operation {
  readonly summary: string;
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}
type PathItem = Readonly<Record<'get' | 'head' | 'post' | 'put' | 'patch' | 'delete', Operation>>;
interface Document extends Record<string, unknown> {
  readonly paths: Readonly<Record<string, PathItem & { readonly servers?: unknown }>>;
  readonly components: { readonly responses: object };
}
const document = openapi() as Document;

function operations(): [path: string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, { servers: _, ...item }]) =>
    Object.values(item).map((operation): [string, Operation] => [path, operation]),
  );
}

test('the description is a valid OpenAPI 3.1 document', async (t) => {
  const validator = new Validator();
  t.like(await validator.validate(structuredClone(document)), { valid: true });
  t.is(validator.version, '3.1');
  t.false((await new Validator().validate({ ...document, paths: { '/x': { get: 1 } } })).valid);
});

test('both planes give it, to everybody, and it names every route of both', async (t) => {
  const { bootPort, adminPort } = await brokerFor(t);
  for (const port of [bootPort, adminPort]) {
    const { headers, text } = await ask(port, '/openapi.json');
    t.regex(headers['content-type'] ?? '', /^application\/json/);
    t.is(text, JSON.stringify(document));
  }
  for (const { path } of bootRoutes) {
    const { get, head } = document.paths[path.replace(/:(\w+)/g, '{$1}')] ?? {};
    t.truthy(get && head, path);
  }
  for (const { path, method } of adminRoutes) t.truthy(document.paths[path]?.[method], `${method} ${path}`);
  for (const path of ['/report/{stage}', '/healthz', '/readyz', '/metrics', '/openapi.json'])
    t.truthy(document.paths[path]?.get, path);
});

test('what is said otherwise than it comes has a name of its own', (t) => {
  const { schemas } = document.components as unknown as {
    schemas: Record<string, { properties: { nics: { items: { properties: { mac: object } } } } }>;
  };
  const macIn = (name: string) => schemas[name]?.properties.nics.items.properties.mac;
  t.like(macIn('Hardware'), {
    pattern: '^([0-9a-f]{2}:){5}([0-9a-f]{2}:[0-9a-f]{2}:|([0-9a-f]{2}:){14})?[0-9a-f]{2}$',
  });
  t.deepEqual(macIn('HardwareInput'), { type: 'string', maxLength: 256 });
  const sent = JSON.stringify(document.paths['/api/v1/machines']?.post);
  t.true(sent.includes('/HardwareInput"'));
  t.false(JSON.stringify(document.paths['/api/v1/machines']?.get).includes('Input"'));
});

test('whatever it refers to is there', (t) => {
  const text = JSON.stringify(document);
  const references = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path));
  t.true(references.size > 10);
  for (const path of references)
    t.truthy(
      path
        .split('/')
        .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document),
      path,
    );
});

test('each operation has an id, a summary, and its parameters once', (t) => {
  const ids = operations().map(([, { operationId }]) => operationId);
  t.true(ids.length > 40);
  t.is(new Set(ids).size, ids.length);
  for (const [path, { summary, parameters = [] }] of operations()) {
    t.truthy(summary, path);
    t.is(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size, parameters.length, path);
    t.deepEqual(
      parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
      path,
    );
  }
});

test('every problem that the broker has is an answer to something', (t) => {
  const text = JSON.stringify(document.components.responses);
  const missing = Object.keys(problems).filter((name) => !text.includes(`"urn:bootbroker:problem:${name}"`));
  // What is said where nothing is served belongs to no path.
  t.deepEqual(missing.sort(), ['method-not-allowed']);
});
