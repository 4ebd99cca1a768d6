import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32c } from '@node-rs/crc32';
import type { Asset } from '../../src/boot/asset/asset.ts';

/** What befalls one PUT that carries bytes, counted from its own first byte. */
export type Fault =
  | { readonly kind: 'cut'; readonly after: number }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly early?: true;
    }
  | { readonly kind: 'lose' }
  | { readonly kind: 'keep'; readonly bytes: number }
  | { readonly kind: 'call'; readonly call: () => Promise<void> };

interface Session {
  readonly asset: Asset;
  stored: Buffer;
}

/** The admin API and Google's resumable protocol in one small server, with faults. */
export interface FakeBroker {
  readonly origin: string;
  readonly token: string;
  readonly assets: Map<string, Asset>;
  readonly sessions: Map<string, Session>;
  readonly faults: Fault[];
  /** First byte of each PUT that carried bytes. */
  readonly puts: number[];
  readonly seen: { starts: number; uploads: number; completes: number };
  /** The bytes of an asset as they arrived. */
  bytesOf(assetId: string): Buffer | undefined;
  /** How often `complete` says 202 before it says 200. */
  hashing: number;
  close(): Promise<void>;
}

export async function fakeBroker(): Promise<FakeBroker> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const broker: FakeBroker = {
    origin,
    token: 'a-token-of-the-admin-plane',
    assets: new Map(),
    sessions: new Map(),
    faults: [],
    puts: [],
    seen: { starts: 0, uploads: 0, completes: 0 },
    bytesOf: (assetId) => [...broker.sessions.values()].findLast((one) => one.asset.id === assetId)?.stored,
    hashing: 0,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', origin);
    if (url.pathname.startsWith('/start/')) return start(url, request, response);
    if (url.pathname.startsWith('/session/')) return receive(url.pathname.slice(9), request, response);
    if (request.headers.authorization !== `Bearer ${broker.token}`)
      return problem(response, 401, 'unauthenticated');
    const body = await all(request);
    if (request.method === 'POST' && url.pathname === '/api/v1/uploads')
      return upload(JSON.parse(body.toString()), response);
    const completes = /^\/api\/v1\/uploads\/([^/]+)\/complete$/.exec(url.pathname);
    if (completes?.[1]) return complete(completes[1], response);
    const one = /^\/api\/v1\/assets\/([^/]+)$/.exec(url.pathname)?.[1];
    if (one) {
      const asset = broker.assets.get(one);
      return asset ? json(response, 200, asset) : problem(response, 404, 'unknown-asset');
    }
    if (url.pathname === '/api/v1/assets')
      return json(response, 200, {
        items: [...broker.assets.values()].filter((asset) =>
          (['kind', 'name', 'version'] as const).every((field) => {
            const wanted = url.searchParams.get(field);
            return wanted === null || asset[field] === wanted;
          }),
        ),
      });
    problem(response, 404, 'no-such-route');
  }

  function upload(announced: Asset, response: ServerResponse) {
    broker.seen.uploads++;
    const found = [...broker.assets.values()].find((one) => nameOf(one) === nameOf(announced));
    if (found && found.state !== 'created') return problem(response, 409, 'asset-exists');
    const id = randomUUID();
    const asset: Asset = { ...announced, id: found?.id ?? randomUUID(), upload_id: id, state: 'created' };
    broker.assets.set(asset.id, asset);
    json(response, 201, {
      id,
      asset_id: asset.id,
      signed_url: `${origin}/start/${id}?X-Goog-Signature=5e`,
      method: 'POST',
      headers: { 'x-goog-resumable': 'start', 'content-type': 'application/octet-stream' },
    });
  }

  async function start(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    await all(request);
    broker.seen.starts++;
    const asset = [...broker.assets.values()].find((one) => one.upload_id === url.pathname.slice(7));
    if (request.headers['x-goog-resumable'] !== 'start' || !asset)
      return void response.writeHead(400).end('<Error><Code>ExpiredToken</Code></Error>');
    const id = randomUUID();
    broker.sessions.set(id, { asset, stored: Buffer.alloc(0) });
    response.writeHead(201, { location: `/session/${id}` }).end();
  }

  async function receive(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = broker.sessions.get(id);
    if (!session) return void response.writeHead(404).end();
    const total = session.asset.size;
    const from = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(request.headers['content-range'] ?? '')?.[1];
    if (from === undefined) await all(request);
    else {
      broker.puts.push(Number(from));
      const fault = broker.faults.shift();
      if (fault?.kind === 'status') {
        // early: a storage that sheds load does not wait for 8 MiB
        if (fault.early) response.shouldKeepAlive = false;
        else await all(request);
        return void response.writeHead(fault.status, fault.headers).end();
      }
      if (fault?.kind === 'lose') {
        broker.sessions.delete(id);
        return void response.writeHead(404, { connection: 'close' }).end();
      }
      if (fault?.kind === 'call') await fault.call();
      const limit = fault?.kind === 'cut' ? fault.after : fault?.kind === 'keep' ? fault.bytes : Infinity;
      if (Number(from) > session.stored.length) return void response.writeHead(400).end();
      const parts = [session.stored.subarray(0, Number(from))];
      let taken = 0;
      for await (const piece of request) {
        parts.push(piece.subarray(0, Math.max(0, limit - taken)));
        taken += piece.length;
        if (taken >= limit && fault?.kind === 'cut') break;
      }
      session.stored = Buffer.concat(parts);
      if (fault?.kind === 'cut') return void request.socket.destroy();
    }
    if (session.stored.length === total) return void response.writeHead(200).end();
    const range = session.stored.length > 0 ? { range: `bytes=0-${session.stored.length - 1}` } : {};
    response.writeHead(308, range).end();
  }

  function complete(uploadId: string, response: ServerResponse) {
    broker.seen.completes++;
    const asset = [...broker.assets.values()].find((one) => one.upload_id === uploadId);
    if (!asset) return problem(response, 404, 'unknown-upload');
    const stored = broker.bytesOf(asset.id);
    if (stored?.length !== asset.size) return problem(response, 409, 'upload-incomplete');
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32c(stored));
    const sha256 = createHash('sha256').update(stored).digest('hex');
    if (crc.toString('base64') !== asset.crc32c || sha256 !== asset.sha256)
      return problem(response, 409, 'upload-mismatch');
    const waits = broker.hashing-- > 0;
    const now: Asset = { ...asset, state: waits ? 'verifying' : 'ready' };
    broker.assets.set(asset.id, now);
    json(response, waits ? 202 : 200, now);
  }

  return broker;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function problem(response: ServerResponse, status: number, name: string, more = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ type: `urn:bootbroker:problem:${name}`, title: `No: ${name}`, status, ...more }));
}

function nameOf({ kind, name, version, arch, filename }: Asset): string {
  return [kind, name, version, arch, filename].join(' ');
}

async function all(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
