import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { crc32c } from '@node-rs/crc32';
import type { ExecutionContext } from 'ava';
import type { LocalgcsOptions } from '../../src/localgcs/options.ts';
import { serve } from '../../src/localgcs/server.ts';
import { hmacSigner } from '../../src/sign/hmac.ts';
import { signUrl, type UrlRequest } from '../../src/sign/v4.ts';
import type { Owner } from '../support/owner.ts';

export const TOKEN = 'a-token-of-the-tests';
export const BUCKET = 'boot-assets';
export const hmacKey = { accessId: 'GOOG1ETESTS', secret: 'not a secret' };
export const rsaKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
export const RSA_EMAIL = 'tests@example.iam.gserviceaccount.com';

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: Buffer;
  text: string;
}

export interface Asking {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Uint8Array | string;
}

/** A directory that is gone when the test is over. */
export async function temporaryDirectory(t: Owner): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'localgcs-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export function storageOptions(dataDir: string, more: Partial<LocalgcsOptions> = {}): LocalgcsOptions {
  return {
    dataDir,
    listen: { host: '127.0.0.1', port: 0 },
    buckets: [BUCKET],
    token: TOKEN,
    keys: [
      { identity: hmacKey.accessId, algorithm: 'GOOG4-HMAC-SHA256', secret: hmacKey.secret },
      { identity: RSA_EMAIL, algorithm: 'GOOG4-RSA-SHA256', publicKeyPem: rsaKey.publicKey },
    ],
    ...more,
  };
}

/** A storage of its own for a test, in the test's own thread: starting a worker takes longer than most tests. */
export async function storage(t: ExecutionContext, more: Partial<LocalgcsOptions> = {}) {
  const dataDir = await temporaryDirectory(t);
  const server = await serve(storageOptions(dataDir, more), () => new Date());
  t.teardown(() => server.close());
  return { ...client(`http://127.0.0.1:${server.address.port}`), dataDir };
}

/** A storage in a process of its own, in a network namespace if told; `lines` is what it prints. Dead when the test is over. */
export async function storageProcess(t: Owner, options: LocalgcsOptions, namespace?: string) {
  const main = [process.execPath, join(import.meta.dirname, 'main.ts'), JSON.stringify(options)];
  const [file = '', ...args] = namespace ? ['ip', 'netns', 'exec', namespace, ...main] : main;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  t.teardown(kill);
  const output = createInterface(child.stdout);
  const lines: string[] = [];
  output.on('line', (line) => lines.push(line));
  const [first] = await Promise.race([once(output, 'line'), exited.then(() => ['{}'])]);
  const { origin } = JSON.parse(first) as { origin?: string };
  if (!origin) throw new Error('the storage did not start');
  return { origin, kill, lines, pid: child.pid };
}

/** What a test asks of a storage, over real HTTP. */
export function client(origin: string) {
  const bearer = { authorization: `Bearer ${TOKEN}` };
  const ask = (target: string, asking: Asking = {}) => send(origin, target, asking);
  return {
    origin,
    ask,
    /** With the token. */
    admin: (target: string, { headers, ...asking }: Asking = {}) =>
      ask(target, { ...asking, headers: { ...bearer, ...headers } }),
    /** A signed target: path and query. */
    sign: async (
      request: Omit<UrlRequest, 'bucket' | 'endpoint'>,
      when: { now?: Date; seconds?: number } = {},
    ) => {
      const url = await signUrl({ bucket: BUCKET, endpoint: origin, ...request }, hmacSigner(hmacKey), {
        now: when.now ?? new Date(),
        expiresSeconds: when.seconds ?? 600,
      });
      return url.slice(origin.length);
    },
    put: async (name: string, body: Uint8Array | string, type = 'application/octet-stream') => {
      const target = `/upload/storage/v1/b/${BUCKET}/o?uploadType=media&name=${encodeURIComponent(name)}`;
      const answered = await ask(target, {
        method: 'POST',
        headers: { ...bearer, 'content-type': type },
        body,
      });
      if (answered.status !== 200) throw new Error(`inserting ${name}: ${answered.status} ${answered.text}`);
      return JSON.parse(answered.text) as Record<string, string>;
    },
  };
}

export type Client = ReturnType<typeof client>;

/** Sends a target as it is: `fetch` would tidy it up. */
export function send(origin: string, target: string, { method = 'GET', headers = {}, body }: Asking) {
  return new Promise<Answered>((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const request = httpRequest(
      { hostname, port, path: target, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const all = Buffer.concat(chunks);
          const { statusCode: status = 0, headers: got, rawHeaders } = response;
          resolve({ status, headers: got, rawHeaders, body: all, text: all.toString() });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Bytes that are the same each time and different for each seed. */
export function bytes(size: number, seed = 1): Buffer {
  const all = Buffer.alloc(size);
  let state = seed * 2654435761;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    all[at] = state >>> 24;
  }
  return all;
}

export const md5 = (data: Uint8Array) => createHash('md5').update(data).digest('base64');

export function crc(data: Uint8Array): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32c(data));
  return value.toString('base64');
}
