import type { Server } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';

/** What every HTTP/2 connection begins with (RFC 9113 section 3.4). No HTTP/1 request does: its method is reserved. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Lets the port of an HTTP/1 server take HTTP/2 in clear too (RFC 9113 section 3.3), as Cloud Run's end-to-end HTTP/2 speaks it.
 * A connection belongs to neither until its first bytes have told, which they must do within `patienceMs`. The answer
 * closes those that have not.
 */
export function takeBoth(http1: Server, http2: Http2Server, patienceMs: number): () => void {
  const takeHttp1 = http1.listeners('connection');
  const untold = new Set<Socket>();
  http1.removeAllListeners('connection').on('connection', (socket: Socket) => {
    let seen = Buffer.alloc(0);
    const look = () => {
      const chunk: Buffer | null = socket.read();
      if (!chunk) return;
      seen = Buffer.concat([seen, chunk]);
      const told = seen.length < preface.length ? seen : seen.subarray(0, preface.length);
      const isHttp2 = told.equals(preface.subarray(0, told.length));
      if (isHttp2 && told.length < preface.length) return;
      leave();
      socket.unshift(seen);
      if (isHttp2) http2.emit('connection', socket);
      else for (const take of takeHttp1) take.call(http1, socket);
    };
    const give = () => socket.destroy();
    const late = setTimeout(() => {
      leave();
      socket.on('error', give);
      http1.emit('clientError', requestTimeout(), socket);
    }, patienceMs);
    const leave = () => {
      clearTimeout(late);
      untold.delete(socket);
      socket.off('readable', look).off('error', give).off('end', give).off('close', leave);
    };
    untold.add(socket);
    socket.on('readable', look).on('error', give).on('end', give).on('close', leave);
  });
  return () => {
    for (const socket of untold) socket.destroy();
  };
}

/** What the HTTP/1 server says of a request that has begun and does not end. */
function requestTimeout(): Error {
  return Object.assign(new Error('the first bytes did not come'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
}
