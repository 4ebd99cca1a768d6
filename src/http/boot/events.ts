import { randomUUIDv7 } from 'node:crypto';
import type { BootEvent } from '../../boot/boot-event.ts';
import type { Plan } from '../../boot/plan.ts';
import type { Source } from '../../boot/source.ts';
import type { Way } from '../../boot/way.ts';
import type { CommonParts } from '../plane/parts.ts';

/** What an answer is in the boot of its machine; undefined where no machine is known, or nothing boots. */
export function eventOf(
  { machine, revision, asset }: Way,
  plan: Plan,
  { address }: Source,
  now: Date,
): BootEvent | undefined {
  if (!machine || !(asset || revision)) return undefined;
  return {
    id: randomUUIDv7(),
    at: now.toISOString(),
    machine_id: machine.id,
    ...(revision && { revision: revision.id }),
    stage: asset ? 'asset' : 'script',
    source: address,
    ...(asset && {
      detail: `${asset.kind} ${asset.name}@${asset.version} by ${plan.kind}, sha256 ${asset.sha256}`,
    }),
  };
}

/**
 * Writes boot events beside the answers that they tell of. A boot goes on although its event is lost; that it is lost is
 * counted and logged.
 */
export class BootEvents {
  readonly #mode: 'await' | 'background';
  readonly #parts: Pick<CommonParts, 'records' | 'log' | 'metrics'>;
  readonly #running = new Set<Promise<void>>();

  constructor(mode: 'await' | 'background', parts: Pick<CommonParts, 'records' | 'log' | 'metrics'>) {
    this.#mode = mode;
    this.#parts = parts;
  }

  /** Resolves when the answer may end: when the event is written, or at once. `about` says whose it is, for the log. */
  async write(event: BootEvent, about: Readonly<Record<string, unknown>>): Promise<void> {
    const { records, log, metrics } = this.#parts;
    const written = records.addBootEvent(event).catch((error: unknown) => {
      metrics.lostEvents.inc();
      log.warn({ error, event, ...about }, 'a boot event could not be written');
    });
    this.#running.add(written);
    const done = written.finally(() => this.#running.delete(written));
    if (this.#mode === 'await') await done;
  }

  /** Resolves when none is being written. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
