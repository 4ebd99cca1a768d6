import { openapi, planes } from '../../src/http/openapi/document.ts';
import { beforeRoutes, outsideRoutes, problemResponses } from '../../src/http/openapi/problems.ts';

/** The API's description, as far as tests read it. */
export interface Description {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Record<string, object>;
    readonly responses: Record<string, Response>;
    readonly headers: Record<string, Header>;
  };
}
export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
export type PathItem = Partial<Readonly<Record<Method, Operation>>> & {
  readonly servers?: readonly { readonly url: string }[];
};
export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Response | Reference>>;
}
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: object;
}
export interface Response {
  readonly headers?: Readonly<Record<string, Header | Reference>>;
  readonly content?: Content;
}
export interface Header {
  readonly required?: boolean;
  readonly schema: { readonly type?: string };
}
type Content = Readonly<Record<string, { readonly schema: object }>>;
interface Reference {
  readonly $ref: string;
}
export type Plane = keyof typeof planes;

/** What it says of one path on one plane. */
export interface Served {
  readonly path: string;
  readonly plane: Plane;
  readonly item: PathItem;
}

export const description = openapi() as unknown as Description;

const outside = Object.fromEntries(
  (['boot', 'admin'] as const).map((plane) => [
    plane,
    problemResponses([...beforeRoutes[plane], ...outsideRoutes], description.components),
  ]),
) as Record<Plane, Operation['responses']>;

/** All paths, those first that have fewer parameters: `/m/{mac}/boot.ipxe` is not `/m/{mac}/{part}`. */
export const served: readonly Served[] = Object.entries(description.paths)
  .flatMap(([path, item]) =>
    (['boot', 'admin'] as const)
      .filter((plane) => item.servers?.every(({ url }) => url === planes[plane].url) ?? true)
      .map((plane): Served => ({ path, plane, item })),
  )
  .sort((a, b) => parameters(a.path) - parameters(b.path));

function parameters(path: string): number {
  return path.split('{').length - 1;
}

/** The answers that are described for a request; where nothing is served, those of the plane itself. */
export function answersTo(plane: Plane, method: string, target: string): Operation['responses'] {
  // Absolute targets, and slashes before the path or a program, are read as the path alone.
  const [path = ''] = target
    .replace(/^http:\/\/[^/?]+/i, '')
    .replace(/^\/{2,}/, '/')
    .replace(/\/{2,}(?=[^/?]+\.efi(\?|$))/, '/')
    .split('?');
  const there = served.filter((one) => one.plane === plane && pattern(one.path).test(path));
  const name = method.toLowerCase() as Method;
  const operations = there.map(({ item }) => item[name] ?? (name === 'head' ? item.get : undefined));
  return operations.find((operation) => operation !== undefined)?.responses ?? outside[plane];
}

function pattern(path: string): RegExp {
  const literal = path.replace(/[.]/g, '\\.');
  return new RegExp(`^${literal.replace(/\{\w+\}/g, '[^/]+')}$`);
}

/** What stands there, or what it refers to. */
export function resolve<Thing extends object>(thing: Thing | Reference): Thing {
  if (!('$ref' in thing)) return thing;
  const keys = thing.$ref.slice('#/'.length).split('/');
  return keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], description) as Thing;
}
