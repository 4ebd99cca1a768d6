import { FairPlaces } from '../../boot/machine/fair-places.ts';
import { type Identity, placeholdersIn } from '../../boot/machine/identity.ts';
import { mostPending } from '../../boot/machine/pending-book.ts';
import {
  observationKey,
  type PendingMachine,
  pendingId,
  said,
  seenAgain,
} from '../../boot/machine/pending-machine.ts';
import { sourceGroup } from '../../boot/source-group.ts';
import type { Like } from '../../boot/way.ts';
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

/** What is known of a request by a machine that nobody has registered, besides who it says it is. */
export interface Sighting {
  /** Gives what iPXE says of itself in the request. */
  readonly query: (name: string) => string | undefined;
  readonly address: string;
  readonly like?: readonly Like[];
  readonly now: Date;
}

/**
 * Remembers machines that nobody has registered, beside the answers that they get: all that asked in some seconds in one
 * write, and one that goes on asking once a minute. However many make themselves up, no boot waits for them, and those that one
 * host makes up take the places of no other host's.
 */
export class UnknownMachines {
  readonly #records: Pick<Records, 'updatePending'>;
  readonly #log: Log;
  readonly #pauses: Pauses;
  /** Not written yet: by host, and by what was said from where. */
  readonly #seen = new FairPlaces<PendingMachine>(mostPending);
  /** When they were written last. */
  readonly #written = lru<number>(mostPending);
  #lastWrite = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    { records, log }: { readonly records: Pick<Records, 'updatePending'>; readonly log: Log },
    pauses = usualPauses,
  ) {
    this.#records = records;
    this.#log = log;
    this.#pauses = pauses;
  }

  note(identity: Identity, { query, address, like, now }: Sighting): void {
    const at = now.toISOString();
    const claims = ['arch', 'platform', 'version'].flatMap((name) => {
      const value = said(query(name));
      return value === undefined ? [] : [[name, value]];
    });
    const placeholders = placeholdersIn(query);
    const seen: PendingMachine = {
      id: pendingId(identity),
      ...identity,
      ...Object.fromEntries(claims),
      ...(Object.keys(placeholders).length > 0 && { placeholders }),
      ...(like && { like: [...like] }),
      address,
      first_seen: at,
      last_seen: at,
      count: 1,
    };
    const [host, key] = [sourceGroup(address), observationKey(seen.id, seen)];
    this.#seen.set(host, key, seenAgain(this.#seen.get(host, key), seen));
    this.#schedule();
  }

  /** Resolves when all that was seen is written, or logged. */
  async settled(): Promise<void> {
    clearTimeout(this.#timer);
    this.#write(this.#seen.entries());
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
    this.#write(this.#seen.entries().filter(([, key]) => (this.#written.get(key) ?? before) <= before));
    if (this.#seen.size > 0) this.#schedule();
  }

  #write(seen: ReturnType<FairPlaces<PendingMachine>['entries']>): void {
    this.#lastWrite = performance.now();
    if (seen.length === 0) return;
    for (const [host, key] of seen) {
      this.#seen.delete(host, key);
      this.#written.set(key, this.#lastWrite);
    }
    const machines = seen.map(([, , machine]) => machine);
    const write = () => this.#records.updatePending(machines);
    this.#writing = this.#writing.then(write).catch((error: unknown) => {
      this.#log.warn({ error, machines: machines.length }, 'unknown machines could not be written down');
    });
  }
}
