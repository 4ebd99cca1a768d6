import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { within } from './deadline.ts';
import type { TokenSource } from './google-credentials.ts';
import { type Advice, faultOf, GoogleFault, parseObject, type Refusal, readRefusal } from './google-fault.ts';

/** How long to try, in ms. */
export interface Patience {
  readonly attemptMs: number;
  readonly totalMs: number;
  /** The most that is waited before the second attempt; twice that before the third, and so on. */
  readonly pauseMs: number;
}

export interface GoogleCall {
  /** What fails if the call fails, for the message: `signing as EMAIL`. */
  readonly doing: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: unknown;
  readonly token: TokenSource;
  readonly advice: Advice;
  readonly patience: Patience;
  /** Unset: undici's own. */
  readonly dispatcher?: Dispatcher | undefined;
}

interface Success {
  readonly json: Readonly<Record<string, unknown>>;
  /** Google's clock. */
  readonly date: Date | undefined;
}

/**
 * Calls one of Google's REST APIs. Only 429, 5xx and no answer at all are tried again, after pauses that grow and vary
 * (Google: IAM, "Retry failed requests") or that Google asks for, and only while the time lasts; 401 once, with a new
 * token. Throws GoogleFault.
 */
export async function callGoogle(call: GoogleCall): Promise<Success> {
  const { doing, token, patience } = call;
  const end = performance.now() + patience.totalMs;
  const left = () => Math.max(1, end - performance.now());
  let refused: string | undefined;
  let told: Refusal | undefined;
  for (let attempts = 1; ; attempts++) {
    const bearer = await within(left(), 'getting an access token', token(refused)).catch((error: Error) => {
      throw new GoogleFault(`${doing}: ${error.message}`, undefined, error);
    });
    const answer = await attempt(call, bearer, Math.min(patience.attemptMs, left()));
    if ('json' in answer) return answer;
    if (answer.status === 401 && refused === undefined) {
      refused = bearer;
      continue;
    }
    // The last attempt may be cut short by the end of our own time: what Google said before explains more.
    if (!told || answer.status !== undefined) told = answer;
    const wait = (answer.retryAfterMs ?? 0) + Math.random() * patience.pauseMs * 2 ** (attempts - 1);
    if (!isTransient(answer) || performance.now() + wait >= end) throw faultOf(told, call, attempts);
    await pause(wait);
  }
}

async function attempt(call: GoogleCall, bearer: string, ms: number): Promise<Success | Refusal> {
  const { method, url, body, dispatcher } = call;
  try {
    const { request } = await import('undici'); // not before somebody calls: no embedded boot does
    const answer = await request(url, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(Math.ceil(ms)),
      ...(dispatcher && { dispatcher }),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) return readRefusal(answer.statusCode, answer.headers, text);
    const json = parseObject(text);
    if (!json) return { status: 200, message: 'the answer is no JSON object' };
    const { date } = answer.headers;
    return { json, date: typeof date === 'string' ? new Date(date) : undefined };
  } catch (cause) {
    return { message: (cause as Error).message, cause };
  }
}

function isTransient({ status }: Refusal): boolean {
  return status === undefined || status === 429 || status >= 500;
}
