/** A move of a pointer to a profile revision. */
export interface Activation {
  readonly revision: string;
  /** RFC 3339. */
  readonly at: string;
}

/** What points to a profile revision and remembers to which it pointed before: a machine, or a rule. */
export interface Pointer {
  readonly active?: string;
  /** All that it was given, oldest first; of a long history the last 100 moves. */
  readonly history: readonly Activation[];
  /** 1 when created; each write raises it by one. */
  readonly version: number;
  readonly updated_at: string;
}

/** How many activations a history keeps, so that no document grows for ever. */
const historyKept = 100;

/** The next version. */
export function changed<P extends Pointer>(pointer: P, at: string): P {
  return { ...pointer, version: pointer.version + 1, updated_at: at };
}

/** The next version of the pointer, moved to that revision. */
export function activated<P extends Pointer>(pointer: P, revision: string, at: string): P {
  const history = [...pointer.history, { revision, at }].slice(-historyKept);
  return changed({ ...pointer, active: revision, history }, at);
}
