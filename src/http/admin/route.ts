import { randomUUIDv7 } from 'node:crypto';
import type { ZodObject, ZodType, z } from 'zod';
import { type Actor, allows } from '../../boot/access/actor.ts';
import type { Auditor } from '../../boot/access/audit.ts';
import { auditor } from '../../boot/access/audit-entry.ts';
import type { Role } from '../../boot/access/token.ts';
import { mask } from '../../boot/masked.ts';
import { isRefusal, type Problem, type Refusal, refuse } from '../../boot/problem.ts';
import { answerProblem } from '../plane/answer-problem.ts';
import { checked } from './checked.ts';
import type { AdminContext } from './context.ts';
import { forEyesOf, maskedHeader, refuseMasked } from './eyes.ts';
import { jsonOf, mostValues, readJsonBytes } from './json-body.ts';
import type { AdminParts } from './parts.ts';

export interface Reply {
  readonly status: number;
  /** Bytes are sent as they are: whoever made them has seen to what the caller may see. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a handler gets: everything checked, nothing of Koa. */
export interface RouteRequest<Query, Body, Headers = undefined> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  /** The body as it came. */
  readonly bytes: Buffer | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal;
  readonly by: Actor;
  /** Makes the audit entries of what they do. */
  readonly audit: Auditor;
  /** Address of this end of the connection. */
  readonly localAddress: string | undefined;
}

/** What a route answers with one status. */
export interface RouteAnswer {
  readonly description: string;
  /** The schema of the JSON body; without one there is none. */
  readonly body?: ZodType;
  /** Headers that always come with it, by name, and what each says. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One route of the admin plane: this declaration validates it, types it and documents it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In OpenAPI's notation: `{id}` is one segment. */
  readonly path: string;
  readonly summary: string;
  /** The least that may call it. */
  readonly role: Role;
  /** With `?dry_run=1` it only reads, and a viewer may. */
  readonly dryRun?: true;
  readonly query?: ZodType;
  readonly body?: ZodType;
  /** Bytes; 1 MiB unless it says so. */
  readonly longestBody?: number;
  /** The handler gets the body as bytes, for another thread to read and check: this one boots machines. */
  readonly readElsewhere?: true;
  /** The headers of the request that the route reads, by names in lower case. */
  readonly headers?: ZodObject;
  /** By status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Its own; what stands before every route adds its own (openapi/problems.ts). */
  readonly problems: readonly Problem[];
  readonly handle: (
    request: RouteRequest<never, never, never>,
    parts: AdminParts,
  ) => Promise<Reply | Refusal>;
}

/** Declares a route; its handler sees what its schemas let through. */
export function route<
  Query extends ZodType = ZodType<undefined>,
  Body extends ZodType = ZodType<undefined>,
  Headers extends ZodType = ZodType<undefined>,
>(
  declared: Omit<Route, 'handle' | 'query' | 'body' | 'headers'> & {
    readonly query?: Query;
    readonly body?: Body;
    readonly headers?: Headers & ZodObject;
    readonly handle: (
      request: RouteRequest<z.output<Query>, z.output<Body>, z.output<Headers>>,
      parts: AdminParts,
    ) => Promise<Reply | Refusal>;
  },
): Route {
  return declared as unknown as Route;
}

export async function handleRoute(ctx: AdminContext, declared: Route, parts: AdminParts): Promise<void> {
  const by: Actor = ctx.state.by;
  // What the handler reads is the same parameter; said twice it is refused before anything is written.
  const onlyReads = declared.dryRun === true && ctx.query.dry_run === '1';
  if (!allows(by.role, onlyReads ? 'viewer' : declared.role)) return forbid(ctx, declared, by, parts);
  const query = checked(declared.query, declared.query ? { ...ctx.query } : undefined, 'query');
  if (isRefusal(query)) return answerProblem(ctx, query);
  const headers = checked(declared.headers, named(ctx, declared.headers), 'headers');
  if (isRefusal(headers)) return answerProblem(ctx, headers);
  const optional = declared.body !== undefined && acceptsNothing(declared.body);
  const bytes = declared.body ? await readJsonBytes(ctx, optional, declared.longestBody) : undefined;
  if (isRefusal(bytes)) return answerProblem(ctx, bytes);
  const body = bytes && !declared.readElsewhere ? bodyOf(declared, bytes, optional) : undefined;
  if (isRefusal(body)) return answerProblem(ctx, body);
  const notMeant = refuseMasked(body);
  if (notMeant) return answerProblem(ctx, notMeant);
  const { localAddress } = ctx.req.socket;
  const audit = auditor(by, randomUUIDv7);
  const request = {
    params: ctx.params,
    query,
    headers,
    body,
    bytes,
    by,
    audit,
    localAddress,
    left: left(ctx),
  };
  const reply = await declared.handle(request as RouteRequest<never, never, never>, parts);
  if (isRefusal(reply)) return answerProblem(ctx, (await forEyesOf(by, reply)).value);
  const { value, isMasked } =
    reply.body instanceof Uint8Array
      ? { value: reply.body, isMasked: false }
      : await forEyesOf(by, reply.body);
  ctx.status = reply.status;
  ctx.set({ 'Cache-Control': 'no-store', ...(isMasked && { [maskedHeader]: mask }), ...reply.headers });
  ctx.body = value;
}

function bodyOf({ body }: Route, bytes: Uint8Array, optional: boolean): unknown {
  const json = jsonOf(bytes, { optional, most: mostValues });
  return isRefusal(json) ? json : checked(body, json.value, 'body');
}

/** Aborted when nobody waits for the answer any more. */
function left({ res }: AdminContext): AbortSignal {
  const leaving = new AbortController();
  res.once('close', () => leaving.abort());
  return leaving.signal;
}

/** Those of the request's headers that the schema names. */
function named(ctx: AdminContext, schema: ZodObject | undefined): unknown {
  const names = Object.keys(schema?.shape ?? {});
  return Object.fromEntries(
    names.flatMap((name) => (ctx.req.headers[name] === undefined ? [] : [[name, ctx.req.headers[name]]])),
  );
}

function forbid(ctx: AdminContext, { method, path, role }: Route, by: Actor, { refusals }: AdminParts): void {
  const refusal = refuse(
    'forbidden',
    `This needs the role ${role}; ${by.kind} ${by.id} has ${by.role ?? 'none'}. Ask an administrator.`,
  );
  refusals.note(by, `${method.toUpperCase()} ${path}`, refusal.detail);
  answerProblem(ctx, refusal);
}

/** Whether a body may be left out: its schema has a default. */
export function acceptsNothing(body: ZodType): boolean {
  return body.safeParse(undefined).success;
}
