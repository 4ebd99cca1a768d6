import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type Koa from 'koa';
import { problems } from '../boot/problem.ts';
import { cutSilentReader } from './silence.ts';

/** A complete request, body and all, must be here by then. */
const requestTimeoutMs = 10_000;
/** EDK2 firmware may take 5 s between HEAD and GET and loses a race against a closing server (edk2 #9920). */
const keepAliveTimeoutMs = 75_000;

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, lets running answers end for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** Opens a plane on an address. Rejects when the address cannot be had, naming it. */
export async function listen(koa: Koa, { host, port }: { host: string; port: number }): Promise<Listener> {
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: 1_000,
  });
  const handle = koa.callback();
  server.on('request', (request, response) => {
    cutSilentReader(response);
    void handle(request, response);
  });
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  });
  const address = server.address();
  return {
    host,
    port: typeof address === 'object' && address ? address.port : port,
    close: (ms) => close(server, ms),
  };
}

/** What is no request gets a problem all the same, and its connection closed. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason, detail] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'Request Timeout', `No complete request came within ${requestTimeoutMs / 1000} s.`]
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large', 'The request line and headers are larger than 16 KiB.']
        : [400, 'Bad Request', 'This is no HTTP/1 request that can be believed.'];
  const { title } = problems['bad-request-target'];
  const body = JSON.stringify({
    type: 'urn:bootbroker:problem:bad-request-target',
    title: status === 400 ? title : reason,
    status,
    detail,
  });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}
