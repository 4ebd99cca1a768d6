import { Worker } from 'node:worker_threads';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import { retryAfter } from '../../plane/answer-problem.ts';
import type { CommonParts } from '../../plane/parts.ts';
import { inWorker } from './in-worker.ts';
import type { Job, Outcome } from './messages.ts';
import { type TurnLimits, Turns } from './turns.ts';

export interface PlannerLimits extends TurnLimits {
  /** How long reading, checking and planning may take, in milliseconds. */
  readonly mostMs: number;
  /** And how much memory, in MiB. */
  readonly mostMiB: number;
  /** How long a worker is kept that has nothing to do, in milliseconds. */
  readonly idleMs: number;
}

const usualLimits: PlannerLimits = {
  waitMs: 10_000,
  mostWaiting: 8,
  mostOfOne: 3,
  mostMs: 120_000,
  mostMiB: 512,
  idleMs: 60_000,
};

/**
 * Has applies read, checked and planned in a thread of its own, one at a time: the thread that asks for it boots machines. The
 * worker is loaded when it is first needed, and its death is an answer.
 */
export class Planner {
  readonly #limits: PlannerLimits;
  readonly #turns: Turns;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(limits: Partial<PlannerLimits> = {}) {
    this.#limits = { ...usualLimits, ...limits };
    this.#turns = new Turns(this.#limits);
  }

  /** Resolves to the answer or a refusal; rejects with StoreDown, as the records do. `left`: nobody waits any more. */
  async apply(job: Job, parts: Pick<CommonParts, 'records' | 'clock'>, left: AbortSignal): Promise<Outcome> {
    const end = await this.#turns.take(`${job.by.kind} ${job.by.id}`, left);
    if (!end) return busy();
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    this.#worker = undefined;
    try {
      const { outcome, reusable } = await inWorker(worker, job, parts, { ...this.#limits, left });
      if (reusable) this.#keep(worker);
      return outcome;
    } finally {
      if (this.#worker !== worker) await worker.terminate();
      end();
    }
  }

  /** Ends its thread. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      name: 'apply',
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.mostMiB },
    });
    // One that dies while it has nothing to do is nobody's loss.
    worker.on('error', () => {}).once('exit', () => this.#forget(worker));
    worker.unref(); // whoever waits for an answer keeps the process
    return worker;
  }

  #forget(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
  }

  #keep(worker: Worker): void {
    this.#worker = worker;
    this.#idle = setTimeout(() => void this.close(), this.#limits.idleMs).unref();
  }
}

function busy(): Refusal {
  return refuse(
    'apply-busy',
    'Applies are planned one at a time, and others are before this one. Nothing was changed: try again.',
    retryAfter,
  );
}
