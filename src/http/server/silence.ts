import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { cut, streamOf } from '../plane/answer-end.ts';
import { SendQueues, usualKeptMs } from './send-queues.ts';

/** A peer that has read nothing for so long is gone. */
const longestSilenceMs = 120_000;
/** How often a transfer that does not move is looked at. */
const lookMs = 15_000;

/** Looks after the readers of responses. Most of these are gone at the next look, and cost no timer. */
export function lookAfter(silenceMs = longestSilenceMs): {
  begin(response: ServerResponse): void;
  close(): void;
} {
  const young = new Set<ServerResponse>();
  const queues = new SendQueues(Math.min(usualKeptMs, silenceMs / 8));
  const looking = setInterval(
    () => {
      for (const response of young) cutSilentReader(response, silenceMs, queues);
      young.clear();
    },
    Math.min(lookMs, silenceMs / 4),
  ).unref();
  return {
    begin(response) {
      young.add(response);
      response.once('close', () => young.delete(response));
    },
    close: () => clearInterval(looking),
  };
}

/**
 * Cuts a response whose reader has read nothing for `longestSilenceMs`; one that reads slowly is never cut. Node sees only
 * what the kernel's send buffer takes from it, and a slow reader may need minutes to empty a third of that: so what the
 * peer has acknowledged is asked of the kernel.
 */
function cutSilentReader(response: ServerResponse, silenceMs: number, queues: SendQueues): void {
  // A pipelined request's response gets its connection later, and the timer with it.
  const { socket } = response.req;
  const stream = streamOf(response);
  const progressOf = stream ? streamProgress(response, stream, socket) : String;
  const interval = Math.min(lookMs, silenceMs / 4);
  let seen: string | undefined;
  let since = 0;
  const look = async () => {
    const waiting = await queues.unacknowledged(socket);
    if (response.destroyed || response.writableFinished) return;
    const progress = progressOf(socket.bytesWritten - socket.writableLength - waiting);
    if (progress !== seen) {
      seen = progress;
      since = performance.now();
    } else if (performance.now() - since >= silenceMs) {
      if (stream) cut(response);
      else socket.destroy();
      return;
    }
    if (!stream) response.setTimeout(interval);
  };
  if (!stream) {
    response.on('timeout', () => void look()).setTimeout(interval);
    return;
  }
  // A stream's own timeout does not come while others on its connection are busy.
  const looking = setInterval(() => void look(), interval);
  response.once('close', () => clearInterval(looking));
}

/**
 * How far the reader of one HTTP/2 stream has come, from what its connection has acknowledged. Once the connection is beyond
 * the stream's last bytes, the rest that it acknowledges is for other readers.
 */
function streamProgress(response: ServerResponse, stream: ServerHttp2Stream, socket: Socket) {
  let drains = 0;
  let taken = '';
  let lastByte = 0;
  response.on('drain', () => {
    drains += 1;
  });
  return (acknowledged: number): string => {
    const now = `${drains} ${stream.bufferSize}`;
    if (now !== taken) {
      taken = now;
      lastByte = socket.bytesWritten;
    }
    return `${taken} ${Math.min(acknowledged, lastByte)}`;
  };
}
