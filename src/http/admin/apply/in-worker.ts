import type { Worker } from 'node:worker_threads';
import { refuse } from '../../../boot/problem.ts';
import { StoreDown } from '../../../boot/store-down.ts';
import type { CommonParts } from '../../plane/parts.ts';
import type { FromWorker, Job, Outcome, Question, ToWorker } from './messages.ts';
import { reads } from './messages.ts';

/** How a job ended. `reusable`: the worker waits for another. */
interface Ended {
  readonly outcome: Outcome;
  readonly reusable: boolean;
}

interface Bounds {
  readonly mostMs: number;
  readonly mostMiB: number;
  readonly left: AbortSignal;
}

/**
 * Gives a worker one job, and answers what it asks. Time that a write takes is not its own, and what was written is answered so,
 * whatever becomes of the worker. Rejects with what a store rejects with, or with the worker's fault.
 */
export async function inWorker(
  worker: Worker,
  job: Job,
  parts: Pick<CommonParts, 'records' | 'clock'>,
  { mostMs, mostMiB, left }: Bounds,
): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const give = (outcome: Outcome) => resolve({ outcome, reusable: false });
  const late = () => give(tooMuch(`longer than ${mostMs / 1000} s`));
  let timer = setTimeout(late, mostMs);
  /** What is answered when the worker is lost: what is being written comes first. */
  let writing: Promise<unknown> | undefined;
  let written: Outcome | undefined;
  const lost = (otherwise: () => void) =>
    void Promise.resolve(writing).then(() => (written ? give(written) : otherwise()), reject);

  async function answer(question: Question): Promise<unknown> {
    const { records, clock } = parts;
    if (question.method === 'now') return clock().toISOString();
    if (question.method !== 'write') {
      if (!reads.includes(question.method)) throw new Error(`nobody may ask for ${question.method}`);
      return (records[question.method] as (...args: unknown[]) => Promise<unknown>)(...question.args);
    }
    const [changes, audit, said] = question.args;
    clearTimeout(timer);
    const writes = records.write(changes, audit);
    writing = writes;
    const outcome = await writes;
    if (outcome === 'written') written = said;
    else timer = setTimeout(late, mostMs);
    return outcome;
  }

  const hear = (message: FromWorker) => {
    if (message.kind === 'done') resolve({ outcome: message.outcome, reusable: true });
    else if (message.kind === 'down') reject(new StoreDown(message.store, 'planning an apply', message.why));
    else
      answer(message.question).then(
        (value) => worker.postMessage({ kind: 'answer', n: message.n, value } satisfies ToWorker),
        reject,
      );
  };
  const fail = (error: NodeJS.ErrnoException) =>
    lost(() =>
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? give(tooMuch(`more than ${mostMiB} MiB`)) : reject(error),
    );
  const exit = (code: number) => lost(() => reject(new Error(`the thread that plans ended with ${code}`)));
  // What a dry run would say is of use to nobody else.
  const leave = () => {
    if (job.dryRun) give(refuse('bad-input', 'The client left.'));
  };
  left.addEventListener('abort', leave, { once: true });
  worker.on('message', hear).once('error', fail).once('exit', exit);
  try {
    worker.postMessage({ kind: 'job', job } satisfies ToWorker);
    return await promise;
  } finally {
    clearTimeout(timer);
    left.removeEventListener('abort', leave);
    worker.off('message', hear).off('error', fail).off('exit', exit);
  }
}

function tooMuch(what: string) {
  return refuse(
    'change-too-large',
    `Planning this apply took ${what}, and was stopped; nothing was changed. Apply the files in parts, without prune.`,
  );
}
