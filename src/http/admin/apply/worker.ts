import { parentPort } from 'node:worker_threads';
import { StoreDown } from '../../../boot/store-down.ts';
import { applied } from './applied.ts';
import type { FromWorker, Job, Question, Surroundings, ToWorker } from './messages.ts';
import { reads } from './messages.ts';
import type { ApplyRecords } from './read-current.ts';

// Runs in a thread of its own: whatever an apply takes to read, check and plan, no machine waits for it.

const waiting = new Map<number, (value: unknown) => void>();
let asked = 0;

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

/** Nobody hears that an answer never comes: then this thread is ended. */
function ask(question: Question): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const n = asked++;
  waiting.set(n, resolve);
  tell({ kind: 'question', n, question });
  return promise;
}

const surroundings: Surroundings = {
  records: Object.fromEntries(
    reads.map((method) => [method, (...args: unknown[]) => ask({ method, args })]),
  ) as unknown as ApplyRecords,
  now: () => ask({ method: 'now', args: [] }) as Promise<string>,
  write: (...args) => ask({ method: 'write', args }) as ReturnType<Surroundings['write']>,
};

async function run(job: Job): Promise<void> {
  try {
    tell({ kind: 'done', outcome: await applied(job, surroundings) });
  } catch (error) {
    if (!(error instanceof StoreDown)) throw error;
    tell({ kind: 'down', store: error.store, why: error.message });
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'job') void run(message.job);
  else {
    waiting.get(message.n)?.(message.value);
    waiting.delete(message.n);
  }
});
