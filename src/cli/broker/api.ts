import { request } from 'undici';
import { Failure, type ProblemDocument } from '../verb/failure.ts';

export type Answer =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly problem: ProblemDocument };

export type Query = Readonly<Record<string, string | undefined>>;

/** The admin API. A refusal is an answer; a broker that fails or cannot be reached is a `Failure`. */
export interface Api {
  readonly origin: string;
  get(path: string, query?: Query): Promise<Answer>;
  post(path: string, body?: unknown, query?: Query): Promise<Answer>;
  /** With an ETag that the resource must still have, if one is given. */
  put(path: string, body: unknown, etag?: string): Promise<Answer>;
  patch(
    path: string,
    body: unknown,
    also: { readonly query?: Query; readonly etag?: string },
  ): Promise<Answer>;
  delete(path: string, query?: Query): Promise<Answer>;
}

const patienceMs = 30_000;
const maskedWarning =
  "secrets in what the broker answers are masked (***), as this token's role is viewer; what holds them cannot be applied";

export function api(
  origin: string,
  token: string,
  { signal, warn }: { readonly signal?: AbortSignal | undefined; readonly warn?: (detail: string) => void },
): Api {
  async function call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    query: Query,
    body?: unknown,
    etag?: string,
  ): Promise<Answer> {
    const url = new URL(`/api/v1/${path}`, origin);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, value);
    try {
      const response = await request(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(etag !== undefined && { 'if-match': etag }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: patienceMs,
        bodyTimeout: patienceMs,
        ...(signal && { signal }),
      });
      const said = answer(origin, response.statusCode, await response.body.text());
      if (response.headers['bootbroker-masked']) warn?.(maskedWarning);
      if (said.ok) for (const detail of warningsIn(said.body)) warn?.(detail);
      return said;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Failure) throw error;
      throw new Failure(
        'failed',
        `the broker at ${origin} cannot be reached: ${reason(error)}; start it with bootbroker serve, or name another with --url`,
        { passing: true },
      );
    }
  }
  return {
    origin,
    get: (path, query = {}) => call('GET', path, query),
    post: (path, body, query = {}) => call('POST', path, query, body),
    put: (path, body, etag) => call('PUT', path, {}, body, etag),
    patch: (path, body, { query = {}, etag }) => call('PATCH', path, query, body, etag),
    delete: (path, query = {}) => call('DELETE', path, query),
  };
}

function answer(origin: string, status: number, text: string): Answer {
  if (status === 204) return { ok: true, status, body: null };
  const body = parsed(text);
  if (status >= 200 && status < 300 && body !== undefined) return { ok: true, status, body };
  if (!isProblem(body))
    throw new Failure(
      'failed',
      `${origin} answered ${status} and no problem document: it is no broker's admin plane, or something stands between; check --url`,
      { passing: status >= 500 },
    );
  if (status < 500) return { ok: false, problem: body };
  throw new Failure('failed', `the broker failed: ${body.detail ?? body.title}`, {
    problem: body,
    passing: true,
  });
}

/** The body of an answer that is no refusal; a refusal ends the command. */
export function accepted(reply: Answer): unknown {
  if (reply.ok) return reply.body;
  const { problem } = reply;
  throw new Failure('refused', problem.detail ?? problem.title, { problem });
}

/** The pages of a list; `ask` is told where each begins. */
export async function* pages<Page extends { readonly next?: string }>(
  ask: (cursor: string | undefined) => Promise<Answer>,
): AsyncGenerator<Page> {
  let cursor: string | undefined;
  do {
    const page = accepted(await ask(cursor)) as Page;
    yield page;
    cursor = page.next;
  } while (cursor);
}

/** The items of a list, as its pages come. */
export async function* eachItem<Item>(from: Api, path: string, query: Query = {}): AsyncGenerator<Item> {
  const asked = pages<{ items: Item[]; next?: string }>((cursor) => from.get(path, { ...query, cursor }));
  for await (const { items } of asked) yield* items;
}

/** All items of a list, page after page. */
export async function allItems<Item>(from: Api, path: string, query: Query = {}): Promise<readonly Item[]> {
  return Array.fromAsync(eachItem<Item>(from, path, query));
}

/** `urn:bootbroker:problem:asset-exists` is `asset-exists`. */
export function problemName(problem: ProblemDocument): string {
  return problem.type.slice(problem.type.lastIndexOf(':') + 1);
}

/** An error of the network in a few words. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return message || code || String(error);
}

/** What the broker did nevertheless, and says. */
function warningsIn(body: unknown): readonly string[] {
  const { warnings } = (body ?? {}) as { warnings?: unknown };
  if (!Array.isArray(warnings)) return [];
  return warnings.flatMap((one) => (typeof one?.detail === 'string' ? one.detail : []));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is ProblemDocument {
  const { type, title, status } = (body ?? {}) as Partial<ProblemDocument>;
  return typeof type === 'string' && typeof title === 'string' && typeof status === 'number';
}
