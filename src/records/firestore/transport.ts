import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { type Agents, before, exchange, noAnswer, noToken, openAgents, tokenWithin } from './exchange.ts';
import { Fault, faultOf, messageOf } from './fault.ts';

export interface TransportOptions {
  /** `projects/P/databases/D`, as a fault names it. */
  readonly database: string;
  readonly token: () => Promise<string>;
  /** Told of every answered call. */
  readonly onCall?: (call: Call) => void;
}

export interface Call {
  /** `batchGet`, `runQuery` or `commit`. */
  readonly method: string;
  /** The request's JSON. */
  readonly body: unknown;
  /** How many documents Firestore read for it, as it bills them: what is missing counts, and so does an empty result. */
  readonly reads: number;
}

/** What Google's library asks of its `authClient`, as far as it is asked here (`AuthClient` of google-auth-library). */
interface Asking {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal;
}

/**
 * The way of Google's library to Firestore's REST API. The library has one of its own, on which no read can be given up, and
 * whose retries outlast our deadlines: a dead connection is kept, and its caller waits. So each request is one try here, and
 * whatever comes of it is a Fault that the library does not retry.
 */
export interface Transport {
  readonly authClient: object;
  /** Runs calls of the library, each request of which ends with the signal. Rejects with a Fault. */
  within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Waits for requests under way. */
  close(): Promise<void>;
}

/** Not one of the codes that the library retries; it leaves the cause as it is. */
class Ended extends Error {
  readonly status = 400;
}

/** How long one call may take, and what it waits for. */
interface Limit {
  readonly signal: AbortSignal;
  missing: string;
}

export function openTransport({ database, token, onCall }: TransportOptions): Transport {
  const limits = new AsyncLocalStorage<Limit>();
  // Apart, so that when a thousand machines boot at once no read stands in line behind their events.
  const [reading, writing]: readonly [Agents, Agents] = [openAgents(), openAgents()];
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  async function ask(target: string, asking: Asking): Promise<string> {
    const { method, headers, body } = asking;
    if (closed) throw new Fault('UNKNOWN', 'the store is closed');
    const limit = limits.getStore();
    const signal = limit ? AbortSignal.any([limit.signal, asking.signal]) : asking.signal;
    if (limit) limit.missing = noToken;
    const authorization = `Bearer ${await tokenWithin(token, signal)}`;
    if (limit) limit.missing = noAnswer;
    const url = new URL(target);
    const agents = callOf(url) === 'commit' ? writing : reading;
    const sent = { ...Object.fromEntries(headers), authorization };
    const { status, said } = await exchange(url, { method, headers: sent, signal, agents }, body);
    if (status !== 200) throw faultOf(status, said, database);
    const answer = parse(said);
    if (Array.isArray(answer) && answer.some((part) => part.error)) throw faultOf(status, said, database);
    const call = { method: callOf(url), body: JSON.parse(body) };
    if (!isWhole(call, answer)) throw new Fault('UNAVAILABLE', 'Firestore did not say what is there');
    onCall?.({ ...call, reads: readsOf(answer) });
    return said;
  }

  const authClient = {
    getRequestHeaders: async () => new Headers({ authorization: `Bearer ${await token()}` }),
    async fetch(url: string, asking: Asking) {
      const answered = ask(url, asking);
      underWay.add(answered);
      try {
        const bytes = Buffer.from(await answered);
        return { ok: true, status: 200, body: Readable.from([bytes]), arrayBuffer: async () => bytes };
      } catch (cause) {
        throw new Ended('Firestore did not answer', { cause });
      } finally {
        underWay.delete(answered);
      }
    },
  };

  return {
    authClient,
    async within(signal, work) {
      const limit: Limit = { signal, missing: noAnswer };
      try {
        return await before(
          signal,
          () => limits.run(limit, work),
          () => limit.missing,
        );
      } catch (error) {
        throw faultIn(error);
      }
    },
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
      for (const agents of [reading, writing]) for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** The fault that the library passes on; anything else that it says is one, too. */
function faultIn(error: unknown): Fault {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof Fault) return cause;
  return new Fault('UNKNOWN', messageOf(error), { cause: error });
}

function parse(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch (cause) {
    throw new Fault('UNAVAILABLE', 'Firestore sent half an answer', { cause });
  }
}

const callOf = ({ pathname }: URL) => pathname.slice(pathname.lastIndexOf(':') + 1);

/** Only what Firestore says is missing is: silence is a fault. */
function isWhole(call: Pick<Call, 'method' | 'body'>, answer: unknown): boolean {
  if (call.method === 'commit') return true;
  if (!Array.isArray(answer)) return false;
  if (call.method === 'runQuery') return answer.some(({ readTime }) => readTime);
  const said = new Set(answer.map((part) => part.found?.name ?? part.missing));
  return (call.body as { documents: string[] }).documents.every((name) => said.has(name));
}

function readsOf(answer: unknown): number {
  if (!Array.isArray(answer)) return 0;
  return Math.max(1, answer.filter((part) => part.document || part.found || part.missing).length);
}
