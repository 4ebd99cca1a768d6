import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** How a transfer ended. `hung-up`: the client left, which is its right. */
export type Outcome =
  | { readonly kind: 'complete'; readonly bytes: number }
  | { readonly kind: 'hung-up'; readonly bytes: number }
  | { readonly kind: 'broken'; readonly bytes: number; readonly cause: Error };

export interface Hooks {
  readonly onFirstByte: () => void;
  /** What must be done before the answer has ended. Does not reject. */
  readonly beforeEnd: Promise<void>;
}

/**
 * Passes a body on, never faster than the client reads. A body that breaks or is too short destroys the connection:
 * an end that looks clean would make firmware start half a kernel.
 */
export function passOn(
  body: Readable,
  response: ServerResponse,
  length: number,
  { onFirstByte, beforeEnd }: Hooks,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let bytes = 0;
    const end = (outcome: Outcome) => {
      response.off('drain', resume).off('close', left);
      if (outcome.kind !== 'complete') {
        body.on('error', () => {}).destroy();
        response.destroy();
      }
      resolve(outcome);
    };
    const resume = () => body.resume();
    const left = () => end({ kind: 'hung-up', bytes });
    response.on('drain', resume).once('close', left);
    body
      .on('data', (chunk: Buffer) => {
        if (bytes === 0) onFirstByte();
        bytes += chunk.length;
        if (!response.write(chunk)) body.pause();
      })
      .once('error', (cause: Error) => end({ kind: 'broken', bytes, cause }))
      .once('end', () => {
        if (bytes !== length) {
          end({ kind: 'broken', bytes, cause: new Error(`the storage sent ${bytes} of ${length} bytes`) });
          return;
        }
        void beforeEnd.then(() => {
          response.end();
          end({ kind: 'complete', bytes });
        });
      });
  });
}
