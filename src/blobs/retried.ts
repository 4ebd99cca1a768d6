import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../sign/deadline.ts';
import { backoff, type ControlPatience, controlPatience } from './retry-policy.ts';

/** Answers that Google says may be tried again (Cloud Storage, "Retry strategy"). */
const transient = [408, 429, 500, 502, 503, 504];

interface RetriedOptions {
  readonly idempotent: boolean;
  readonly patience?: ControlPatience;
  /** Called when another attempt went well. */
  readonly onHealed?: () => void;
}

/**
 * Makes a control call, and again while it fails for a reason that may pass and there is time: only a call that has the
 * same effect once or twice, because it is idempotent or carries a precondition (Google: Cloud Storage, "Retry
 * strategy"). Rejects with what the storage said last. A pause that the storage asks for (RFC 9110 section 10.2.3) is kept; one
 * that is longer than the time left ends the trying.
 *
 * Google's client could do it itself, but (8.4) its promise never settles when its `totalTimeout` ends in a pause, and it
 * switches retries off by a flag that all calls share: two at once can leave it off for good.
 */
export async function retried<Result>(
  call: () => Promise<Result>,
  { idempotent, patience = controlPatience, onHealed }: RetriedOptions,
): Promise<Result> {
  const end = performance.now() + patience.total;
  let said: unknown;
  for (let attempts = 1; ; attempts += 1) {
    try {
      const result = await within(Math.max(1, end - performance.now()), 'the storage', call());
      if (attempts > 1) onHealed?.();
      return result;
    } catch (error) {
      if (said === undefined || statusOf(error) !== undefined) said = error;
      const pause = waitAskedFor(error) + backoff(attempts, patience.pauses);
      if (!idempotent || !mayPass(error) || performance.now() + pause >= end) throw said;
      await sleep(pause);
    }
  }
}

/** What Google's client throws: `code` is a status; without an answer it is a name such as ECONNRESET, or in `errors`. */
interface ClientError {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly errors?: readonly { readonly reason?: unknown }[];
  readonly response?: { readonly headers?: Headers | Record<string, string> };
}

/** HTTP status of the answer that an error stands for; undefined: there was none. */
export function statusOf(error: unknown): number | undefined {
  const status = Number((error as ClientError).code);
  return Number.isInteger(status) ? status : undefined;
}

function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return transient.includes(status);
  const { code, type, errors } = error as ClientError;
  return [code, errors?.[0]?.reason].some((name) => typeof name === 'string') || type === 'request-timeout';
}

/** Retry-After, in ms, of answers that say when the trouble is over. A date instead of seconds, which Google does not send, is none. */
function waitAskedFor(error: unknown): number {
  if (![429, 503].includes(statusOf(error) ?? 0)) return 0;
  const seconds = Number(new Headers((error as ClientError).response?.headers).get('retry-after'));
  return seconds > 0 ? seconds * 1000 : 0;
}
