import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { reason } from '../broker/api.ts';
import { Failure } from '../verb/failure.ts';

/** What the storage said. `trouble` may pass by itself, `refused` will not, a `lost` session is over for good. */
export type Said =
  | { readonly kind: 'persisted'; readonly bytes: number }
  | { readonly kind: 'complete' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'trouble'; readonly why: string; readonly retryAfterSeconds?: number }
  | { readonly kind: 'refused'; readonly why: string };

/** How to send: no connection may stand still for longer than this. */
export interface Line {
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly stallMs: number;
}

/** A signed URL that starts a resumable upload, and the headers that were signed with it. */
export interface SignedStart {
  readonly signed_url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Starts a resumable upload (Google: "Resumable uploads"). The session URI is a bearer capability that lives one week;
 * it needs no further signature.
 */
export async function startSession(
  start: SignedStart,
  line: Line,
): Promise<{ kind: 'started'; uri: string } | Said> {
  const answer = await exchange(start.signed_url, start.method, start.headers, null, line);
  if (answer.status === 201 && answer.location)
    return { kind: 'started', uri: new URL(answer.location, start.signed_url).href };
  const said = meaning(answer);
  return said.kind === 'lost' ? { kind: 'refused', why: why(answer) } : said;
}

/** Asks how much of the object is stored. */
export async function storedBytes(uri: string, total: number, line: Line): Promise<Said> {
  return meaning(await exchange(uri, 'PUT', { 'content-range': `bytes */${total}` }, null, line));
}

/** Sends bytes `from` to `to` (exclusive) of `total`; chunks that are not the last are multiples of 256 KiB. */
export async function sendChunk(
  uri: string,
  range: { readonly from: number; readonly to: number; readonly total: number },
  pieces: AsyncIterable<Buffer>,
  line: Line,
): Promise<Said> {
  const { from, to, total } = range;
  const headers = {
    'content-range': `bytes ${from}-${to - 1}/${total}`,
    'content-length': String(to - from),
  };
  return meaning(await exchange(uri, 'PUT', headers, pieces, line));
}

interface Exchange {
  /** 0: the connection failed. */
  readonly status: number;
  readonly text: string;
  readonly location?: string | undefined;
  readonly range?: string | undefined;
  readonly retryAfter?: string | undefined;
}

async function exchange(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: AsyncIterable<Buffer> | null,
  line: Line,
): Promise<Exchange> {
  const stall = new AbortController();
  const timer = setTimeout(
    () => stall.abort(new Error(`nothing moved for ${line.stallMs / 1000} s`)),
    line.stallMs,
  ).unref();
  try {
    const response = await request(url, {
      method: method as Dispatcher.HttpMethod,
      headers,
      body: body && Readable.from(watched(body, timer), { objectMode: false }),
      dispatcher: line.dispatcher,
      // our own watch replaces them: undici counts the time that a slow body takes as waiting for headers
      headersTimeout: 0,
      bodyTimeout: 0,
      signal: AbortSignal.any([line.signal, stall.signal]),
    });
    const text = await response.body.text();
    const header = (name: string) => response.headers[name]?.toString();
    return {
      status: response.statusCode,
      text,
      location: header('location'),
      range: header('range'),
      retryAfter: header('retry-after'),
    };
  } catch (error) {
    line.signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    return { status: 0, text: reason(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function* watched(pieces: AsyncIterable<Buffer>, timer: NodeJS.Timeout): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    timer.refresh();
    yield piece;
  }
  timer.refresh();
}

/** 308 with `Range: bytes=0-N` says what is stored, without Range nothing is; 404 and 410 are the end of a session. */
function meaning(answer: Exchange): Said {
  const { status } = answer;
  if (status === 308) return { kind: 'persisted', bytes: persistedBytes(answer.range) };
  if (status === 200 || status === 201) return { kind: 'complete' };
  if (status === 404 || status === 410 || status === 499) return { kind: 'lost' };
  if (status !== 0 && status !== 408 && status !== 429 && status < 500)
    return { kind: 'refused', why: why(answer) };
  const retryAfterSeconds = Number(answer.retryAfter);
  return {
    kind: 'trouble',
    why: why(answer),
    ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
  };
}

function persistedBytes(range: string | undefined): number {
  const last = /^bytes=0-(\d+)$/.exec(range ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/** Google's XML errors carry a code such as ExpiredToken. */
function why({ status, text }: Exchange): string {
  if (status === 0) return `the connection to the storage failed (${text})`;
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
  return `the storage answered ${status}${code ? ` ${code}` : ''}`;
}
