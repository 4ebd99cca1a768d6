import type { Dispatcher } from 'undici';
import { checkAnswer, type Part, type PartAnswer, rangeHeader } from './range-request.ts';
import { refusal } from './unexpected-answer.ts';

/** Hears what comes of one request: `begin`, then chunks, then `end`; or at any time `fail`. After an abort, nothing. */
export interface Receiver {
  begin(answer: PartAnswer): void;
  /** False: no more until `resume`. */
  take(chunk: Buffer): boolean;
  end(): void;
  fail(error: Error): void;
}

/** One request under way. */
export interface Transfer {
  resume(): void;
  abort(): void;
}

/** How much of an error's document is read, in characters. */
const longestExplanation = 2_000;

/**
 * Fetches a part from a signed URL, once. What is not asked for waits in the storage: chunks go from the socket straight
 * to the receiver, whose clock this is too. An answer that is not the part is a fault before its first byte. `unsigned`: headers
 * that the signature says nothing of.
 */
export function follow(
  url: string,
  part: Part,
  dispatcher: Dispatcher,
  receiver: Receiver,
  unsigned: Readonly<Record<string, string>> = {},
): Transfer {
  const { origin, pathname, search } = new URL(url);
  let controller: Dispatcher.DispatchController | undefined;
  let over = false;
  let refused: number | undefined;
  let explanation = '';
  const abort = () => {
    over = true;
    controller?.abort(new Error('nobody waits for it any more'));
  };
  const fail = (error: Error) => {
    if (over) return;
    abort();
    receiver.fail(error);
  };
  dispatcher.dispatch(
    {
      origin,
      path: pathname + search,
      method: 'GET',
      headers: {
        'accept-encoding': 'identity',
        ...(part.ranged && { range: rangeHeader(part) }),
        ...unsigned,
      },
      headersTimeout: 0,
      bodyTimeout: 0,
    },
    {
      onRequestStart(started) {
        controller = started;
        if (over) abort();
      },
      onResponseStart(started, status, headers) {
        started.rawHeaders = null; // they are parts of the first piece, and would keep all of it
        if (status >= 400) refused = status;
        if (over || status < 200 || status >= 400) return;
        const answer = checkAnswer(part, status, headers);
        if (answer instanceof Error) fail(answer);
        else receiver.begin(answer);
      },
      onResponseData(started, chunk) {
        if (over) return;
        if (refused) explanation = (explanation + chunk.toString('latin1')).slice(0, longestExplanation);
        else if (!receiver.take(chunk)) started.pause();
      },
      onResponseEnd() {
        if (over) return;
        over = true;
        if (refused) receiver.fail(refusal(refused, explanation));
        else receiver.end();
      },
      onResponseError: (_, error) => fail(error),
    },
  );
  return { resume: () => controller?.resume(), abort };
}
