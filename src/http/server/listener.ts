import type { RequestListener } from 'node:http';
import { type ConnectionLimits, Connections } from '../../bounds/connections.ts';
import { answerClientErrors } from '../plane/client-error.ts';
import { createServer } from '../plane/node-http.ts';
import type { PlaneApp } from '../plane/plane.ts';
import { type Http2Options, http2Server } from './http2.ts';
import { takeBoth } from './protocols.ts';
import { lookAfter } from './silence.ts';

/** A complete request, body and all, must be here by then. */
const requestTimeoutMs = 10_000;
/** EDK2 firmware may take 5 s between HEAD and GET and loses a race against a closing server (edk2 #9920). */
const keepAliveTimeoutMs = 75_000;
/** How often, while it closes, a server looks for connections whose last answer has ended. */
const sweepMs = 100;

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, lets running answers end for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/**
 * Opens a plane on an address, for HTTP/1.1 and for HTTP/2 in clear. Without `limits` it takes every connection. Rejects when
 * the address cannot be had, naming it.
 */
export async function listen(
  app: PlaneApp,
  { host, port }: { host: string; port: number },
  limits?: ConnectionLimits,
): Promise<Listener> {
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: false, // Node would refuse without a problem; the app has one
  });
  const handle = app.callback();
  const connections = limits && new Connections(limits);
  const readers = lookAfter();
  const heard = (error: NodeJS.ErrnoException, address: string | undefined) =>
    app.strangers?.noRequest(error, address);
  const take: RequestListener = (request, response) => {
    readers.begin(response);
    if (connections) response.once('close', connections.begin(request.socket));
    void handle(request, response);
  };
  const http2 = http2Server({
    take: take as unknown as Http2Options['take'], // Koa takes both kinds
    requestTimeoutMs,
    idleTimeoutMs: keepAliveTimeoutMs,
  });
  const closeUntold = takeBoth(server, http2.server, requestTimeoutMs);
  connections?.guard(server);
  // What somebody expects besides 100-continue need not be met (RFC 9110 section 10.1.1).
  server.on('request', take).on('checkExpectation', take);
  answerClientErrors(server, heard);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  });
  const address = server.address();
  return {
    host,
    port: typeof address === 'object' && address ? address.port : port,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closeUntold();
      http2.server.close();
      // A client that keeps its connection after its last answer would hold up the end for as long as that may stay open.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
      const cut = setTimeout(() => {
        server.closeAllConnections();
        http2.cut();
      }, graceMs);
      await closed;
      readers.close();
      clearInterval(sweep);
      clearTimeout(cut);
    },
  };
}
