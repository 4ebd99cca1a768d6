import { Agent as HttpAgent, type IncomingMessage, request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { Fault, messageOf } from './fault.ts';

/** Connections, kept for the next request; giving up on a request closes its own. */
export interface Agents {
  readonly 'http:': HttpAgent;
  readonly 'https:': HttpsAgent;
}

const sockets = { keepAlive: true, maxSockets: 64 };

export function openAgents(): Agents {
  return { 'http:': new HttpAgent(sockets), 'https:': new HttpsAgent(sockets) };
}

export const noAnswer = 'Firestore did not answer in time';

export const noToken = 'no access token came in time';

/** What the work comes to, if that is before the signal; it is not stopped. Rejects with a Fault that says what is `missing` then. */
export async function before<T>(
  signal: AbortSignal,
  work: () => Promise<T>,
  missing: () => string,
): Promise<T> {
  const { promise: outOfTime, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Fault('DEADLINE_EXCEEDED', missing()));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work(), outOfTime]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** A token, if it comes before the signal. Rejects with a Fault. */
export async function tokenWithin(token: () => Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await before(signal, token, () => noToken);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('UNAUTHENTICATED', `there is no access token: ${messageOf(cause)}`, { cause });
  }
}

interface Sending {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly agents: Agents;
}

/** One request and its answer, whatever its status. Rejects with a Fault. */
export async function exchange(
  url: URL,
  sending: Sending,
  body: string,
): Promise<{ status: number; said: string }> {
  const { agents, ...options } = sending;
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const asked =
      url.protocol === 'http:'
        ? overHttp(url, { ...options, agent: agents['http:'] })
        : overHttps(url, { ...options, agent: agents['https:'] });
    asked.on('response', resolve).on('error', reject).end(body);
    const answer = await promise;
    return { status: answer.statusCode ?? 0, said: await text(answer) };
  } catch (cause) {
    if (sending.signal.aborted) throw new Fault('DEADLINE_EXCEEDED', noAnswer, { cause });
    throw new Fault(
      'UNAVAILABLE',
      `Firestore cannot be reached: ${messageOf(cause)}; see that ${url.origin} is reached from here (DNS, egress firewall, Private Google Access)`,
      { cause },
    );
  }
}
