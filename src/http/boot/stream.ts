import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cut } from '../plane/answer-end.ts';
import type { Progress } from './stream-slots.ts';

/** How a transfer ended. `hung-up`: the client left, which is its right. */
export type Outcome =
  | { readonly kind: 'complete'; readonly bytes: number }
  | { readonly kind: 'hung-up'; readonly bytes: number }
  | { readonly kind: 'broken'; readonly bytes: number; readonly cause: Error };

/** How long the last byte may wait for what is done beside it, in ms. Firmware waits 5 s for a byte (EDK2, PcdHttpIoTimeout). */
const longestHold = 2_500;

/**
 * Passes a body on, never faster than the client reads; its chunks are empty afterwards. A body that breaks or is
 * too short is cut. Before the first byte there is nothing to cut yet, and the answer may still become another. What `afterFirstByte` begins is done before
 * the answer has ended; it does not reject. How far it has come stands in `progress`. By HTTP/1.1 an answer has ended with its last byte, so that one is held back.
 */
export function passOn(
  body: Readable,
  response: ServerResponse,
  length: number,
  afterFirstByte: () => Promise<void>,
  progress: Progress,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let beside = Promise.resolve();
    let last: Buffer | undefined;
    let hold: NodeJS.Timeout | undefined;
    const giveLast = () => {
      clearTimeout(hold);
      if (last && !response.destroyed) response.write(last);
      last = undefined;
    };
    const end = (outcome: Outcome) => {
      clearTimeout(hold);
      response.off('drain', resume).off('close', left);
      if (outcome.kind !== 'complete') {
        body.on('error', () => {}).destroy();
        if (response.headersSent) cut(response);
      }
      resolve(outcome);
    };
    const resume = () => {
      progress.waits = false;
      body.resume();
    };
    const left = () => end({ kind: 'hung-up', bytes: progress.bytes });
    response.on('drain', resume).once('close', left);
    body
      .on('data', (chunk: Buffer) => {
        const isLast = progress.bytes + chunk.length === length;
        if (isLast) last = Buffer.from(chunk.subarray(-1));
        const now = isLast ? chunk.subarray(0, -1) : chunk;
        response.cork(); // or node does, until the next turn: what uncork sends at once need not wait for anybody
        const isFull = now.length > 0 && !response.write(now, (error) => error || release(chunk));
        response.uncork();
        if (isFull && response.writableLength > 0) {
          progress.waits = true;
          body.pause();
        }
        if (progress.bytes === 0) beside = nextTurn().then(afterFirstByte);
        progress.bytes += chunk.length;
      })
      .once('error', (cause: Error) => end({ kind: 'broken', bytes: progress.bytes, cause }))
      .once('end', () => {
        const { bytes } = progress;
        if (bytes !== length) {
          end({ kind: 'broken', bytes, cause: new Error(`the storage sent ${bytes} of ${length} bytes`) });
          return;
        }
        hold = setTimeout(giveLast, longestHold);
        void beside.then(() => {
          giveLast();
          response.end();
          end({ kind: 'complete', bytes });
        });
      });
  });
}

/**
 * Gives a chunk's memory back as soon as the kernel has its bytes. Left to the collector, every 64 MB cost a pass over the
 * whole heap: more than half of a stream's processor time. Memory that others may share is left alone.
 */
function release({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
