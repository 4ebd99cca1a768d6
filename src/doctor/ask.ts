import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, request } from 'undici';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Nobody answered, or not to the end. */
export interface NoAnswer {
  readonly status: undefined;
  readonly why: string;
}

export interface Asking {
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Asks once, whole, and follows no redirect: what is asked is what is to be known. */
export type Ask = (url: string, asking?: Asking) => Promise<Answer | NoAnswer>;

const patienceMs = 10_000;

export function asker(dispatcher: Dispatcher): Ask {
  return async (url, { method = 'GET', headers = {}, body } = {}) => {
    try {
      const answer = await request(url, {
        dispatcher,
        method,
        headers: { 'accept-encoding': 'identity', ...headers },
        body: body ?? null,
        signal: AbortSignal.timeout(patienceMs),
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: answer.headers, body: bytes };
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      return { status: undefined, why: message || code || String(error) };
    }
  };
}

/** The word for an error in Cloud Storage's XML API (`ExpiredToken`). */
export function codeOf(answer: Answer | NoAnswer): string | undefined {
  return answer.status === undefined ? undefined : element('Code', answer.body.toString());
}

/** An answer that was not wanted, in a few words. */
export function said(answer: Answer | NoAnswer): string {
  if (answer.status === undefined) return `no answer (${answer.why})`;
  const text = answer.body.toString();
  const why = element('Details', text) ?? element('Message', text) ?? jsonMessage(text);
  const what = [answer.status, codeOf(answer)].filter(Boolean).join(' ');
  return why ? `${what} (${why.slice(0, 300)})` : what;
}

function element(name: string, xml: string): string | undefined {
  return new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
}

function jsonMessage(text: string): string | undefined {
  try {
    const message: unknown = JSON.parse(text)?.error?.message;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
