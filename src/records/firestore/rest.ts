import { errors, Pool } from 'undici';
import { Fault, faultOf } from './fault.ts';

export interface RestOptions {
  readonly project: string;
  /** Default `(default)`. */
  readonly database?: string;
  /** `host:port` of an emulator, which is asked in plain HTTP and as its owner. */
  readonly emulatorHost?: string;
  /** An OAuth access token of scope `datastore` or `cloud-platform`; asked for at every call, so it is kept by the giver. */
  readonly token?: () => Promise<string>;
  /** Told of every answered call. */
  readonly onCall?: (call: Call) => void;
}

export type Method = 'batchGet' | 'runQuery' | 'commit';

export interface Call {
  readonly method: Method;
  /** The request's JSON. */
  readonly body: unknown;
  /** How many documents Firestore read for it, as it bills them: what is missing counts, and so does an empty result. */
  readonly reads: number;
}

/** Google's REST API on one database (https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents). */
export interface Rest {
  /** `projects/P/databases/D/documents`, with which every document's name begins. */
  readonly root: string;
  /** One try. Rejects with a Fault. */
  post<Answer>(method: Method, body: object, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Why not Google's client library: it takes 0.4 s of CPU to load and to make the first read (by gRPC or by REST; this takes 0.02 s
 * where undici is loaded anyway), which is most of what a start may take, and its retries outlast our deadlines.
 */
export function openRest(options: RestOptions): Rest {
  const { project, database = '(default)', emulatorHost, token = noToken, onCall } = options;
  const name = `projects/${project}/databases/${database}`;
  const root = `${name}/documents`;
  const path = `/v1/projects/${encodeURIComponent(project)}/databases/${encodeURIComponent(database)}/documents`;
  // HTTP/1.1: giving up on a request closes its connection, so that the next try does not meet the same dead one.
  const origin = emulatorHost ? `http://${emulatorHost}` : 'https://firestore.googleapis.com';
  const open = () => new Pool(origin, { allowH2: false, connections: 64 });
  // Apart, so that when a thousand machines boot at once no read stands in line behind their events.
  const [reading, writing] = [open(), open()];
  const bearer = emulatorHost ? async () => 'owner' : token;

  return {
    root,
    async post<Answer>(method: Method, body: object, signal: AbortSignal): Promise<Answer> {
      const authorization = `Bearer ${await tokenWithin(bearer, signal)}`;
      const { status, text } = await exchange(method === 'commit' ? writing : reading, signal, {
        origin,
        method: 'POST',
        path: `${path}:${method}`,
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (status !== 200) throw faultOf(status, text, name);
      const answer = parse(text);
      if (Array.isArray(answer) && answer.some((part) => part.error)) throw faultOf(status, text, name);
      onCall?.({ method, body, reads: readsOf(answer) });
      return answer as Answer;
    },
    close: async () => {
      await Promise.all([reading, writing].map((pool) => pool.closed || pool.close()));
    },
  };
}

async function noToken(): Promise<string> {
  throw new Error('openFirestore was given neither a token nor an emulator');
}

async function tokenWithin(token: () => Promise<string>, signal: AbortSignal): Promise<string> {
  const { promise: outOfTime, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Fault('DEADLINE_EXCEEDED', 'no access token came in time'));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([token(), outOfTime]);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('UNAUTHENTICATED', `there is no access token: ${why}`, { cause });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function exchange(
  pool: Pool,
  signal: AbortSignal,
  request: Parameters<Pool['request']>[0] & { readonly origin: string },
): Promise<{ status: number; text: string }> {
  try {
    const { statusCode, body } = await pool.request({ ...request, signal });
    return { status: statusCode, text: await body.text() };
  } catch (cause) {
    if (cause instanceof errors.ClientClosedError || cause instanceof errors.ClientDestroyedError)
      throw new Fault('UNKNOWN', 'the store is closed', { cause });
    if (signal.aborted) throw new Fault('DEADLINE_EXCEEDED', 'Firestore did not answer in time', { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault(
      'UNAVAILABLE',
      `Firestore cannot be reached: ${why}; see that ${request.origin} is reached from here (DNS, egress firewall, Private Google Access)`,
      { cause },
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('UNAVAILABLE', 'Firestore sent half an answer', { cause });
  }
}

function readsOf(answer: unknown): number {
  if (!Array.isArray(answer)) return 0;
  return Math.max(1, answer.filter((part) => part.document || part.found || part.missing).length);
}
