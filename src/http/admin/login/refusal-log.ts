import { randomUUIDv7 } from 'node:crypto';
import type { Actor } from '../../../boot/access/actor.ts';
import type { AuditEntry } from '../../../boot/access/audit.ts';
import { entryOf } from '../../../boot/access/audit-entry.ts';
import { masked } from '../../../boot/masked.ts';
import type { Records } from '../../../records/records.ts';
import type { Log } from '../../../telemetry/log.ts';
import { knownBounds, RefusalRoom, strangersBounds } from './refusal-bounds.ts';

/** However many are refused: of one source and reason there is one audit event in so many milliseconds. */
const windowMs = 60_000;
/** So many sources and reasons are told apart in that time; all others together make one more. */
const mostKinds = 64;

interface Collapsed {
  /** The first that has no event yet. */
  entry: AuditEntry | undefined;
  count: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Makes audit events of refusals, beside the answers: the first at once, those that follow it together when its minute is
 * over. Rows have a bound an hour and in all, whoever asks
 * from however many addresses: what is beyond it is counted, and told in one row when there is room, or at the end. What cannot
 * be written is logged.
 */
export class RefusalLog {
  readonly #records: Pick<Records, 'write'>;
  readonly #log: Log;
  readonly #windowMs: number;
  readonly #kinds = new Map<string, Collapsed>();
  readonly #rooms: { readonly strangers: RefusalRoom; readonly known: RefusalRoom };
  #writing: Promise<void> = Promise.resolve();

  constructor(
    { records, log }: { records: Pick<Records, 'write'>; log: Log },
    ms = windowMs,
    bounds = { strangers: strangersBounds, known: knownBounds },
  ) {
    this.#records = records;
    this.#log = log;
    this.#windowMs = ms;
    this.#rooms = { strangers: new RefusalRoom(bounds.strangers), known: new RefusalRoom(bounds.known) };
  }

  note(by: Actor, action: string, reason: string): void {
    const own = [by.address, by.kind, by.id, action, reason].join('\n');
    const isKnown = this.#kinds.has(own) || this.#kinds.size < mostKinds;
    const kind = isKnown ? own : 'others';
    const entry: AuditEntry = isKnown
      ? {
          ...entryOf(by, action, randomUUIDv7()),
          outcome: 'refused',
          reason: String(masked(reason)).slice(0, 512),
        }
      : {
          id: randomUUIDv7(),
          at: by.at,
          actor: { kind: 'anonymous', id: 'several' },
          action,
          outcome: 'refused',
          reason: `of more than ${mostKinds} sources or for as many reasons in a minute`,
        };
    const open = this.#kinds.get(kind);
    if (open) {
      open.entry ??= entry;
      open.count += 1;
      return;
    }
    const timer = setTimeout(() => this.#end(kind), this.#windowMs).unref();
    this.#kinds.set(kind, { entry: undefined, count: 0, timer });
    this.#admit(entry);
  }

  /** Resolves when all that was noted is written, or logged. */
  async settled(): Promise<void> {
    for (const [kind, { timer }] of this.#kinds) {
      clearTimeout(timer);
      this.#end(kind);
    }
    for (const room of Object.values(this.#rooms)) this.#tellMissed(room, '', true);
    await this.#writing;
  }

  #end(kind: string): void {
    const { entry, count } = this.#kinds.get(kind) ?? { entry: undefined, count: 0 };
    this.#kinds.delete(kind);
    if (entry) this.#admit({ ...entry, count });
  }

  /** Writes it, if there is room, and first what found none before. */
  #admit(entry: AuditEntry): void {
    const room = this.#rooms[entry.actor.kind === 'anonymous' ? 'strangers' : 'known'];
    this.#tellMissed(room, entry.at);
    if (room.take(entry.at, entry.count ?? 1)) this.#write(entry);
  }

  #tellMissed(room: RefusalRoom, at: string, inAnyCase = false): void {
    const missed = room.missed(at, inAnyCase);
    if (!missed) return;
    this.#write({
      id: randomUUIDv7(),
      at: missed.at,
      actor: { kind: 'anonymous', id: 'several' },
      action: 'refused',
      outcome: 'refused',
      reason: 'more than the audit log has room for: these have no events of their own',
      count: missed.count,
    });
  }

  /** One after the other: they are no hurry, and the chain has one end. */
  #write(entry: AuditEntry): void {
    const write = async () => {
      await this.#records.write([], [entry]);
    };
    this.#writing = this.#writing.then(write).catch((error: unknown) => {
      this.#log.warn({ error, entry }, 'a refusal could not be written to the audit log');
    });
  }
}
