import { randomUUIDv7 } from 'node:crypto';
import { hashOf } from '../../boot/asset/asset.ts';
import { nameAtVersion } from '../../boot/asset/asset-name.ts';
import type { BootEntry } from '../../boot/history/boot-entry.ts';
import type { BootStep } from '../../boot/history/boot-record.ts';
import type { Plan } from '../../boot/plan.ts';
import type { Source } from '../../boot/source.ts';
import type { Way } from '../../boot/way.ts';
import { lru } from '../../lru.ts';
import type { CommonParts } from '../plane/parts.ts';
import { machineRate, openRate, type Rate } from './rate.ts';

/** How long the number of those that were too fast waits for company, in ms. */
const foldedAfterMs = 1000;

/** What an answer is in the boot of its machine; undefined where no machine is known, or nothing boots. */
export function entryOf(
  { machine, revision, asset, boot, owned }: Way,
  plan: Plan,
  { address }: Source,
  now: Date,
): Told | undefined {
  if (!machine || !(asset || revision)) return undefined;
  const detail = asset && `${asset.kind} ${nameAtVersion(asset)} by ${plan.kind}, ${hashOf(asset)}`;
  const step: BootStep = {
    at: now.toISOString(),
    stage: asset ? 'asset' : 'script',
    source: address,
    ...(detail && { detail }),
  };
  return {
    machine_id: machine.id,
    ...(boot !== undefined && { boot }),
    ...(revision && { revision: revision.id }),
    owned: owned === true,
    step,
    fresh: (!asset && boot) || randomUUIDv7(),
  };
}

/** An entry with something to tell. */
export type Told = BootEntry & { readonly step: BootStep };

type Parts = Pick<CommonParts, 'records' | 'log' | 'metrics'>;

/**
 * Writes what happens in boots beside the answers that it tells of. A boot goes on although its record is lost; that it is lost is
 * counted and logged. What one machine does too fast is only counted, in its record too: no other machine waits for it.
 */
export class BootLog {
  readonly #mode: 'await' | 'background';
  readonly #parts: Parts;
  readonly #rate: Rate;
  readonly #running = new Set<Promise<void>>();
  /** By machine: what says whose they are, and how many. */
  readonly #folded = lru<{ entry: BootEntry; count: number }>(10_000);
  #timer: NodeJS.Timeout | undefined;

  constructor(mode: 'await' | 'background', parts: Parts, rate = openRate(machineRate)) {
    this.#mode = mode;
    this.#parts = parts;
    this.#rate = rate;
  }

  /** Resolves when the answer may end: when it is written, or at once. `about` says whose it is, for the log. */
  async write(entry: Told, about: Readonly<Record<string, unknown>>): Promise<void> {
    const { machine_id } = entry;
    const folded = this.#folded.get(machine_id);
    if (this.#rate(machine_id) > 0) {
      const { step: _, ...rest } = entry;
      this.#folded.set(machine_id, { entry: rest, count: (folded?.count ?? 0) + 1 });
      this.#timer ??= setTimeout(() => this.#flush(), foldedAfterMs).unref();
      this.#parts.metrics.bootEvents.inc({ stage: entry.step.stage, outcome: 'folded' });
      return;
    }
    this.#folded.delete(machine_id);
    const done = this.#add({ ...entry, ...(folded && { left_out: folded.count }) }, about);
    if (this.#mode === 'await') await done;
  }

  /** Resolves when nothing is being written, and nothing waits to be. */
  async settled(): Promise<void> {
    this.#flush();
    await Promise.all(this.#running);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [machine_id, { entry, count }] of this.#folded.entries()) {
      this.#folded.delete(machine_id);
      void this.#add({ ...entry, left_out: count }, { machine: machine_id });
    }
  }

  #add(entry: BootEntry, about: Readonly<Record<string, unknown>>): Promise<void> {
    const { records, log, metrics } = this.#parts;
    const count = (outcome: 'written' | 'lost') => {
      if (entry.step) metrics.bootEvents.inc({ stage: entry.step.stage, outcome });
    };
    const written = records.addBootEntry(entry).then(
      () => count('written'),
      (error: unknown) => {
        count('lost');
        log.warn({ error, entry, ...about }, 'a boot event could not be written');
      },
    );
    this.#running.add(written);
    return written.finally(() => this.#running.delete(written));
  }
}
