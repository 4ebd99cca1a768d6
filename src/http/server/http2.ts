import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { problemAnswer, requestTimeout } from '../plane/client-error.ts';

/** What one connection may cost: whoever asks for more is told to calm down, and cut if it does not. */
const limits = {
  settings: {
    // A proxy brings a whole rack on one connection, each machine with a kernel and an initrd.
    maxConcurrentStreams: 256,
    // What HTTP/1 may have, too.
    maxHeaderListSize: 16 * 1024,
    enablePush: false,
  },
  maxHeaderListPairs: 128,
  // Everything that runs may be given up at once, as when a proxy restarts; whoever does it again and again means harm
  // (CVE-2023-44487, "rapid reset").
  streamResetBurst: 256,
  streamResetRate: 32,
  // A client that has not yet seen our settings may open too many streams once; nobody has to send invalid frames.
  maxSessionRejectedStreams: 100,
  maxSessionInvalidFrames: 16,
  maxSettings: 32,
  /** Megabytes of headers and frames; the bytes of assets wait in the streams, each within its own bound. */
  maxSessionMemory: 10,
} as const;

export interface Http2Options {
  readonly take: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  /** How long a request, body and all, may take to come. */
  readonly requestTimeoutMs: number;
  /** How long a connection may do nothing, or nothing but ping. */
  readonly idleTimeoutMs: number;
}

/** A server of HTTP/2 in clear that listens nowhere: it takes the connections that it is given. */
export function http2Server({ take, requestTimeoutMs, idleTimeoutMs }: Http2Options): {
  readonly server: Http2Server;
  /** Cuts what `server.close()`, which lets running answers end, has left. */
  readonly cut: () => void;
} {
  const server = createServer(limits);
  const sessions = new Set<{ destroy(): void }>();
  const answer = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    request.headers.host ??= request.authority;
    if (!request.stream.endAfterHeaders) cutSlowRequest(request, response, requestTimeoutMs);
    take(request, response);
  };
  // As in HTTP/1, what somebody expects need not be met, and CONNECT gets a problem.
  server.on('request', answer).on('checkExpectation', answer).on('connect', answer);
  server.on('session', (session) => {
    let open = 0;
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // The session's own timeout begins anew with every frame, and whoever pings would stay for ever.
    let idle = setTimeout(() => session.destroy(), idleTimeoutMs);
    session.once('close', () => clearTimeout(idle));
    session.on('stream', (stream) => {
      open += 1;
      clearTimeout(idle);
      stream.once('close', () => {
        open -= 1;
        if (open === 0 && !session.destroyed) idle = setTimeout(() => session.destroy(), idleTimeoutMs);
      });
    });
    session.setTimeout(idleTimeoutMs);
    session.on('timeout', () => {
      if (open > 0)
        session.close(); // a slow reader's answer ends first
      else session.destroy();
    });
  });
  return {
    server,
    cut: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

/** HTTP/1 has this from Node. */
function cutSlowRequest(
  { stream }: Http2ServerRequest,
  response: Http2ServerResponse,
  timeoutMs: number,
): void {
  const late = setTimeout(() => {
    if (stream.destroyed || stream.state.remoteClose) return;
    if (response.headersSent) return stream.close(constants.NGHTTP2_CANCEL);
    const { status, headers, body } = problemAnswer(requestTimeout);
    response.writeHead(status, headers).end(body, () => stream.close());
  }, timeoutMs);
  stream.once('close', () => clearTimeout(late));
}
