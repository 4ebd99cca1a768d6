import type { Identity } from '../../boot/machine/identity.ts';
import {
  mostPending,
  type PendingMachine,
  pendingId,
  said,
  seenAgain,
} from '../../boot/machine/pending-machine.ts';
import { lru } from '../../lru.ts';
import type { Records } from '../../records/records.ts';
import type { Log } from '../../telemetry/log.ts';

export interface Pauses {
  /** For others that come at the same time. */
  readonly gatherMs: number;
  /** From one write to the next. */
  readonly restMs: number;
  /** From one write of a machine to the next of the same. */
  readonly sameMs: number;
}
const usualPauses: Pauses = { gatherMs: 1_000, restMs: 10_000, sameMs: 60_000 };

/**
 * Remembers machines that nobody has registered, beside the answers that they get: all that asked in some seconds in one
 * write, and one that goes on asking once a minute. However many make themselves up, no boot waits for them.
 */
export class UnknownMachines {
  readonly #records: Pick<Records, 'addPending'>;
  readonly #log: Log;
  readonly #pauses: Pauses;
  /** Not written yet; who asked last comes last. */
  readonly #seen = lru<PendingMachine>(mostPending);
  /** When they were written last. */
  readonly #written = lru<number>(mostPending);
  #lastWrite = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    { records, log }: { readonly records: Pick<Records, 'addPending'>; readonly log: Log },
    pauses = usualPauses,
  ) {
    this.#records = records;
    this.#log = log;
    this.#pauses = pauses;
  }

  /** `query` gives what iPXE says of itself in the request. */
  note(
    identity: Identity,
    { query, address, now }: { query: (name: string) => string | undefined; address: string; now: Date },
  ): void {
    const id = pendingId(identity);
    const at = now.toISOString();
    const claims = ['arch', 'platform', 'version'].flatMap((name) => {
      const value = said(query(name));
      return value === undefined ? [] : [[name, value]];
    });
    const seen = {
      id,
      ...identity,
      ...Object.fromEntries(claims),
      address,
      first_seen: at,
      last_seen: at,
      count: 1,
    };
    const all = seenAgain(this.#seen.get(id), seen);
    this.#seen.set(id, all);
    this.#schedule();
  }

  /** Resolves when all that was seen is written, or logged. */
  async settled(): Promise<void> {
    clearTimeout(this.#timer);
    this.#write(this.#seen.values());
    await this.#writing;
  }

  #schedule(): void {
    const { gatherMs, restMs } = this.#pauses;
    const rest = this.#lastWrite + restMs - performance.now();
    this.#timer ??= setTimeout(() => this.#writeDue(), Math.max(gatherMs, rest)).unref();
  }

  #writeDue(): void {
    this.#timer = undefined;
    const before = performance.now() - this.#pauses.sameMs;
    this.#write(this.#seen.values().filter(({ id }) => (this.#written.get(id) ?? before) <= before));
    if (this.#seen.values().length > 0) this.#schedule();
  }

  #write(machines: readonly PendingMachine[]): void {
    this.#lastWrite = performance.now();
    if (machines.length === 0) return;
    for (const { id } of machines) {
      this.#seen.delete(id);
      this.#written.set(id, this.#lastWrite);
    }
    const write = () => this.#records.addPending(machines);
    this.#writing = this.#writing.then(write).catch((error: unknown) => {
      this.#log.warn({ error, machines: machines.length }, 'unknown machines could not be written down');
    });
  }
}
