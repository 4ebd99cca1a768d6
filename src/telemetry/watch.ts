/** Something outside of the process, or behind a lock of it, that a request or a job waits for. */
export interface Operation {
  readonly store: 'records' | 'signer' | 'storage';
  /** Which, such as `findMachine`, `sign` or `follow`. */
  readonly name: string;
}

/** Runs the work, and sees how long it takes and how it ends: for metrics, and for traces. */
export type Watch = <T>(operation: Operation, work: () => T) => T;
