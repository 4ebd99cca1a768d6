import type { Options, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { answersTo, description, type Plane, type Response, resolve } from './description.ts';
import { type Exchange, watchers } from './http.ts';

/** Looks at every answer of this port from now on, until it is told that the broker is gone: who asks hears what it finds. */
export function watch(port: number, plane: Plane): () => void {
  watchers.set(port, (exchange) => {
    const found = difference({ plane, ...exchange });
    if (found) throw new Error(found);
  });
  return () => watchers.delete(port);
}

/** Header fields are text, whatever they say. */
const ofHeaders = validator({ coerceTypes: true });
const ofBodies = validator({});

function validator(options: Options): (schema: object, value: unknown) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: true, ...options });
  ajvFormats.default(ajv);
  ajv.addSchema({ $id: 'api', components: description.components });
  const compiled = new WeakMap<object, ValidateFunction>();
  return (schema, value) => {
    const validate = compiled.get(schema) ?? ajv.compile(inApi(schema));
    compiled.set(schema, validate);
    if (validate(value)) return undefined;
    const faults = validate.errors?.map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
    return faults?.join('; ');
  };
}

/** How an answer differs from the API's description; undefined when it does not. */
export function difference(exchange: Exchange & { readonly plane: Plane }): string | undefined {
  const { plane, method, target, status, headers } = exchange;
  const declared = answersTo(plane, method, target)[String(status)];
  const what = declared
    ? answerDifference(resolve<Response>(declared), exchange)
    : 'no such status is described';
  return what && `${method} ${target} (${plane}) was answered ${status} ${headers['content-type']}: ${what}`;
}

function answerDifference({ headers = {}, content }: Response, exchange: Exchange): string | undefined {
  for (const [name, reference] of Object.entries(headers)) {
    const header = resolve(reference);
    const value = exchange.headers[name.toLowerCase()];
    if (value === undefined && header.required) return `it lacks ${name}`;
    const fault = value === undefined ? undefined : ofHeaders(header.schema, value);
    if (fault) return `${name} ${fault}`;
  }
  const { method, body } = exchange;
  const type = exchange.headers['content-type']?.split(';')[0];
  const described = content?.[type ?? ''] ?? content?.['*/*'];
  if (method === 'HEAD') return body.length > 0 ? 'it has a body' : undefined;
  if (!content) return body.length > 0 ? 'it has a body' : undefined;
  if (!described) return `no such type is described, only ${Object.keys(content)}`;
  return type?.endsWith('json') ? ofBodies(described.schema, JSON.parse(body.toString())) : undefined;
}

/** Its references lead into the description. */
function inApi(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"api#/'));
}
