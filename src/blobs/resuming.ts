import { addAbortSignal, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { ByteRange } from '../byte-range.ts';
import type { Followed, Resumed } from './blobs.ts';
import { follow, type Receiver, type Transfer } from './follow.ts';
import { backoff, type Patience } from './retry-policy.ts';
import { UnexpectedAnswer } from './unexpected-answer.ts';

export interface ResumingOptions {
  /** A URL with life left; asked for before every attempt. */
  readonly url: () => string | Promise<string>;
  readonly generation: string;
  readonly range?: ByteRange | undefined;
  /** The size of the whole object, in bytes. Unset: what the first answer says. */
  readonly size?: number | undefined;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly onResume?: ((resumed: Resumed) => void) | undefined;
  readonly patience: Patience;
  /** What the storage is told of the trace. */
  readonly traceparent?: string | undefined;
}

/**
 * Reads an object, or a range of it, as one stream although the storage may break, stall or answer 5xx: each attempt goes
 * on at the byte that comes next. Resolves with the first answer. A storage that is not to be had in time, or has other
 * bytes now, is an error of the promise or of the stream, which never ends short.
 */
export function resuming(options: ResumingOptions): Promise<Followed> {
  return addAbortSignal(options.signal, new ResumingBody(options)).answered;
}

/** What went wrong since the last byte. */
interface Trouble {
  since: number;
  attempts: number;
  cause: Error;
  /** A fresh URL was tried. */
  refused: boolean;
}

/** Not undici's RetryHandler: that one keeps the URL, which expires, goes by the ETag alone, and counts attempts, not time. */
class ResumingBody extends Readable {
  readonly answered: Promise<Followed>;
  readonly #settle: Pick<PromiseWithResolvers<Followed>, 'resolve' | 'reject'>;
  readonly #options: ResumingOptions;
  readonly #first: number;
  readonly #begun = performance.now();
  #size: number | undefined;
  #last: number | undefined;
  #next: number;
  #transfer: Transfer | undefined;
  /** Which attempt this is: one that was given up may still be waiting for its URL. */
  #turn = 0;
  #trouble: Trouble | undefined;
  #timer: NodeJS.Timeout | undefined;
  #limit = 0;
  /** Whether it has asked for more since it was last given something; the first bytes are wanted unasked. */
  #isAsked = true;
  /** The next attempt waits for a reader that wants bytes. */
  #isDormant = false;

  constructor(options: ResumingOptions) {
    super({ highWaterMark: 1 }); // what a slow client has not asked for waits in the storage, not here
    const { range, size } = options;
    const { promise, ...settle } = Promise.withResolvers<Followed>();
    this.answered = promise;
    this.#settle = settle;
    this.#options = options;
    this.#first = range?.start ?? 0;
    this.#next = this.#first;
    this.#size = size;
    this.#last = range?.end ?? (size === undefined ? undefined : size - 1);
    this.on('error', () => {}); // nobody has it before the first answer
    this.on('resume', () => this.#wake());
    void this.#attempt();
  }

  override _read(): void {
    this.#isAsked = true;
    this.#wake();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#leave();
    this.#settle.reject(error);
    done(error);
  }

  async #attempt(): Promise<void> {
    const { generation, range, dispatcher, patience, url, traceparent } = this.#options;
    const turn = this.#turn;
    this.#watch(Math.min(patience.stall, Math.max(1, this.#timeLeft())));
    try {
      const signed = await url();
      if (turn !== this.#turn) return;
      const [first, last, size] = [this.#next, this.#last, this.#size];
      const ranged = range !== undefined || first > 0;
      const part = { generation, ranged, first, last, size };
      this.#transfer = follow(signed, part, dispatcher, this.#receiver, {
        ...(traceparent && { traceparent }),
      });
    } catch (error) {
      if (turn !== this.#turn) return;
      // A signer has tried as often as it should. Only what has begun is worth more.
      if (this.#next === this.#first) this.destroy(error as Error);
      else this.#failed(error as Error);
    }
  }

  readonly #receiver: Receiver = {
    begin: ({ status, headers, size }) => {
      this.#size = size;
      this.#last ??= size - 1;
      const { onResume } = this.#options;
      if (this.#trouble) onResume?.({ atByte: this.#next, reason: this.#trouble.cause.message });
      this.#settle.resolve({ status, headers, body: this });
    },
    take: (chunk) => {
      const next = this.#next + chunk.length;
      if (this.#last === undefined || next > this.#last + 1) {
        this.#failed(
          new UnexpectedAnswer(`the storage sent more than bytes ${this.#first} to ${this.#last}`, 'none'),
        );
        return true;
      }
      this.#next = next;
      this.#trouble = undefined;
      const { stall } = this.#options.patience;
      if (this.#limit !== stall) this.#watch(stall);
      this.#isAsked = false;
      return this.push(chunk) && !this.#isPaused();
    },
    end: () => this.#failed(new Error(`the storage's answer ended before byte ${this.#next}`)),
    fail: (error) => this.#failed(error),
  };

  /** Goes on after an attempt has ended, by whatever. */
  #failed(cause: Error): void {
    this.#leave();
    const remedy = cause instanceof UnexpectedAnswer ? cause.remedy : 'later';
    if (remedy !== 'none' && this.#last !== undefined && this.#next > this.#last) {
      this.push(null);
      return;
    }
    const { since, attempts, refused } = this.#trouble ?? {
      since: performance.now(),
      attempts: 0,
      refused: false,
    };
    this.#trouble = {
      since,
      attempts: attempts + 1,
      cause,
      refused: refused || remedy === 'fresh-url',
    };
    const pause = backoff(attempts + 1, this.#options.patience.pauses);
    const isOver = remedy === 'none' || (remedy === 'fresh-url' && refused) || pause >= this.#timeLeft();
    if (isOver && attempts === 0) this.destroy(cause);
    else if (isOver)
      this.destroy(new Error(`${cause.message}, at the last of ${attempts + 1} attempts`, { cause }));
    else if (this.#isHeld()) this.#isDormant = true;
    else this.#timer = setTimeout(() => void this.#attempt(), pause);
  }

  #wake(): void {
    if (this.#transfer) {
      if (this.#isPaused()) return;
      this.#timer?.refresh();
      this.#transfer.resume();
    } else if (this.#isDormant && this.#trouble && !this.#isHeld()) {
      this.#isDormant = false;
      this.#trouble.since = performance.now();
      void this.#attempt();
    }
  }

  /** Whether the reader has enough for now: then silence says nothing of the storage. */
  #isHeld(): boolean {
    return !this.#isAsked || this.#isPaused();
  }

  #isPaused(): boolean {
    return this.isPaused() && this.listenerCount('readable') === 0;
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#limit = ms;
    this.#timer = setTimeout(() => {
      if (this.#isHeld()) this.#timer?.refresh();
      else this.#failed(this.#stalled(ms));
    }, ms);
  }

  /** An attempt that was cut short by the end of our own time explains less than the one before. */
  #stalled(ms: number): Error {
    if (this.#trouble && ms < this.#options.patience.stall) return this.#trouble.cause;
    return new Error(`the storage sent nothing for ${Math.round(ms)} ms`);
  }

  #timeLeft(): number {
    const { firstByte, giveUp } = this.#options.patience;
    const now = performance.now();
    if (this.#next === this.#first) return this.#begun + firstByte - now;
    return this.#trouble ? this.#trouble.since + giveUp - now : giveUp;
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.#transfer?.abort();
    this.#transfer = undefined;
  }
}
