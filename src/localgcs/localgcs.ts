import { Worker } from 'node:worker_threads';
import { isLoopback } from './loopback.ts';
import type { LocalgcsOptions } from './options.ts';
import { publicKeyOf } from './public-key.ts';
import type { HasServed, Listening, TurnedAway } from './worker.ts';

/** Who is told what the worker does. */
export interface HeardOfStorage {
  /** How many connections were turned away, by reason. */
  turned(turned: TurnedAway['turned']): void;
  /** Requests that read, and are over. */
  served(served: HasServed['served']): void;
}

export interface Localgcs {
  readonly host: string;
  readonly port: number;
  /** Where this machine reaches it. */
  readonly origin: string;
  /** Resolves to the reason when the worker ends and was not told to. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/**
 * Starts a Cloud Storage in a worker thread. Rejects when the options or the machine do not allow it.
 */
export async function startLocalgcs(
  options: LocalgcsOptions,
  heard: HeardOfStorage = { turned() {}, served() {} },
): Promise<Localgcs> {
  check(options);
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: options,
    name: 'localgcs',
  });
  let closing = false;
  const failed = Promise.withResolvers<Error>();
  const listening = Promise.withResolvers<Listening>();
  const ended = Promise.withResolvers<void>();
  worker.on('message', (said: Listening | TurnedAway | HasServed) => {
    if ('address' in said) listening.resolve(said);
    else if ('turned' in said) heard.turned(said.turned);
    else heard.served(said.served);
  });
  worker.once('error', (cause) => failed.resolve(explained(cause, options)));
  worker.once('exit', (code) => {
    ended.resolve();
    if (!closing) failed.resolve(new Error(`the storage's worker ended with ${code}`));
  });

  const started = await Promise.race([listening.promise, failed.promise]);
  if (started instanceof Error) throw started;
  const { address } = started;
  const { host } = options.listen;
  return {
    host: address.address,
    port: address.port,
    origin: `http://${reachable(host)}:${address.port}`,
    failed: failed.promise,
    close: async () => {
      closing = true;
      worker.postMessage('close');
      await ended.promise;
    },
  };
}

/** Paths that mean something else than a bucket. */
const RESERVED = ['storage', 'upload', 'download', 'resumable', 'batch', 'health', 'healthz', 'readyz'];

function check({ buckets, token, listen, keys }: LocalgcsOptions): void {
  for (const key of keys)
    if (key.algorithm === 'GOOG4-RSA-SHA256') publicKeyOf(key.identity, key.publicKeyPem);
  for (const bucket of buckets) {
    if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket) || RESERVED.includes(bucket))
      throw new Error(
        `the storage can have no bucket named ${bucket}: choose 3 or more of a-z, 0-9, . _ and -`,
      );
  }
  if (token === '') throw new Error('the token of the storage is empty: give one, or none at all');
  if (token === undefined && !isLoopback(listen.host))
    throw new Error(
      `without a token the storage listens on loopback only, not on ${listen.host}: give it a token`,
    );
}

/** What crosses over from the worker is a copy, no real Error. */
function explained(cause: unknown, { listen }: LocalgcsOptions): Error {
  const { code, message = String(cause) } = cause as Partial<NodeJS.ErrnoException>;
  const where = `${listen.host} port ${listen.port}`;
  const reason =
    code === 'EADDRINUSE'
      ? `cannot listen on ${where}, which is in use: choose another`
      : `failed: ${message}`;
  return new Error(`the storage ${reason}`, { cause });
}

/** An address at which a listener of that host is reached from this machine. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
