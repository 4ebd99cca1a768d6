/** How pauses between attempts grow, in ms: at most `first` before the second attempt, twice that before the third, never over `most`. */
export interface Pauses {
  readonly first: number;
  readonly most: number;
}

/** How long the bytes of one stream are waited for, in ms. */
export interface Patience {
  /** From the start to the first byte, all attempts together. */
  readonly firstByte: number;
  /** From one byte to the next, while the reader wants it; then the storage is asked again. */
  readonly stall: number;
  /** From a fault to the next byte, all attempts together; then the stream breaks off. */
  readonly giveUp: number;
  readonly pauses: Pauses;
}

/**
 * EDK2 firmware waits for 5 s (PcdHttpIoTimeout) for an answer's head and for each read of its body: the first byte must
 * be there by then, and a storage that stalls must be left in time to ask again. Other loaders wait longer, but a
 * storage that has given nothing in 20 s is down: cut off, its client can try what else it knows.
 */
export const bootPatience: Patience = {
  firstByte: 4_000,
  stall: 4_000,
  giveUp: 20_000,
  pauses: { first: 100, most: 2_000 },
};

/** How long a control call may take, in ms. */
export interface ControlPatience {
  /** Retries included. */
  readonly total: number;
  readonly pauses: Pauses;
}

export const controlPatience: ControlPatience = { total: 8_000, pauses: { first: 250, most: 2_000 } };

/**
 * How long to wait after so many attempts have failed, in ms: any time up to the pause, so that those who failed together
 * do not come back together (Google: Cloud Storage, "Retry strategy", exponential backoff with jitter).
 */
export function backoff(failed: number, { first, most }: Pauses): number {
  return Math.random() * Math.min(first * 2 ** (failed - 1), most);
}
