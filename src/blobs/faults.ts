import { BytesLost, StoreDown } from '../boot/store-down.ts';
import { statusOf } from './retried.ts';
import { UnexpectedAnswer } from './unexpected-answer.ts';

/** Does the work, and makes of whatever it throws a StoreDown. */
export async function faults<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreDown) throw error;
    throw isLost(error) ? new BytesLost('storage', doing, error) : new StoreDown('storage', doing, error);
  }
}

/** What was tried several times says so in a cause. */
function isLost(error: unknown): boolean {
  if (error instanceof UnexpectedAnswer) return error.isLost;
  return error instanceof Error && error.cause !== undefined && isLost(error.cause);
}

/** The same error, and what to do about it where that is known. */
export function advised(error: unknown, bucket: string): unknown {
  const advice = {
    401: `see that the account that the broker runs as is not disabled, and that the clock is right`,
    403: `grant roles/storage.objectAdmin on gs://${bucket} to the account that the broker runs as`,
  }[statusOf(error) ?? 0];
  return advice ? new Error(`${(error as Error).message}; ${advice}`, { cause: error }) : error;
}

/** A `catch` for what need not be there. */
export function absent(error: unknown): [undefined] {
  if (statusOf(error) === 404) return [undefined];
  throw error;
}

/** A `catch` for a precondition that does not hold. */
export function taken(error: unknown): undefined {
  if (statusOf(error) === 412) return undefined;
  throw error;
}
