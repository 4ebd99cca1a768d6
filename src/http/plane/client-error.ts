import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { problems, type Refusal, refuse } from '../../boot/problem.ts';
import { problemJson } from './answer-problem.ts';
import { STATUS_CODES } from './node-http.ts';

export const requestTimeout = refuse(
  'request-timeout',
  'A request, body and all, must be here within 10 s. Send it again.',
);

/** What never becomes a request to the program gets a problem all the same, and its connection closed. */
export function answerClientErrors(
  server: Server,
  heard: (error: NodeJS.ErrnoException, address: string | undefined) => void = () => {},
): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => latest.set(request.socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code !== 'ECONNRESET') heard(error, (socket as Socket).remoteAddress);
    if (socket.writable && error.code !== 'ECONNRESET' && takesAnswer(latest.get(socket)))
      answer(socket, refusalOf(error));
    else socket.destroy();
  });
  server.on('connect', (_request, socket) => {
    socket.on('error', () => {});
    answer(
      socket,
      refuse('method-not-allowed', 'This is no proxy: CONNECT is not served.', { Allow: 'GET, HEAD' }),
    );
  });
}

/** Not in the middle of another answer: there a problem would pass for bytes of an asset. */
function takesAnswer(response: ServerResponse | undefined): boolean {
  if (!response || response.writableFinished) return true;
  return response.socket !== null && !response.headersSent;
}

function refusalOf({ code }: NodeJS.ErrnoException): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestTimeout;
  if (code === 'HPE_HEADER_OVERFLOW')
    return refuse('headers-too-large', 'They may have 16 KiB together. Send less.');
  return refuse('bad-request', 'This is no HTTP/1 request that can be believed. Send it as RFC 9112 has it.');
}

function answer(socket: Duplex, refusal: Refusal): void {
  const { status, headers, body } = problemAnswer(refusal);
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}

/** A problem as an answer that the program itself never sees. */
export function problemAnswer(refusal: Refusal) {
  const body = problemJson(refusal);
  return {
    status: problems[refusal.problem].status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      ...refusal.headers,
    },
    body,
  };
}
