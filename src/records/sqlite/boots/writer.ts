import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StoreDown } from '../../../boot/store-down.ts';
import type { Said, Task, WriterOptions } from './task.ts';

export interface BootsWriterOptions extends WriterOptions {
  readonly onDisk?: (state: 'ok' | 'full') => void;
}

/** Writes `boots.db` in a thread of its own, which starts with the first task: the event loop never waits for the disk. */
export interface BootsWriter extends Pick<WriterOptions, 'file'> {
  /** Resolves when it is on disk; rejects with StoreDown when it will not be. */
  write(doing: string, task: Task): Promise<void>;
  /** Resolves when the file is there, with all that earlier versions kept elsewhere. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly doing: string;
  readonly settle: PromiseWithResolvers<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly ready: PromiseWithResolvers<void>;
  readonly waiting: Map<number, Waiting>;
}

export function openBootsWriter({ onDisk, ...options }: BootsWriterOptions): BootsWriter {
  let thread: Thread | undefined;
  let closed = false;
  let last = 0;

  const begin = (): Thread => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: options, name: 'boots' });
    const begun: Thread = { worker, ready: Promise.withResolvers(), waiting: new Map() };
    begun.ready.promise.catch(() => {}); // whoever asks is told; nobody has to ask
    worker.unref(); // what waits for an answer has a connection that keeps the process alive
    worker.on('message', (said: Said) => heard(begun, said));
    worker.once('error', (error: Error) => ended(begun, error));
    worker.once('exit', () => ended(begun, new Error('its thread has ended')));
    return begun;
  };

  const heard = ({ waiting, ready }: Thread, said: Said) => {
    if (said.kind === 'ready') ready.resolve();
    else if (said.kind === 'disk') onDisk?.(said.state);
    else
      for (const n of said.tasks) {
        const { doing, settle } = waiting.get(n) ?? {};
        waiting.delete(n);
        if (said.kind === 'done') settle?.resolve();
        else settle?.reject(new StoreDown('records', doing ?? '', new Error(said.message)));
      }
  };

  /** The next task starts another one. */
  const ended = (which: Thread, error: Error) => {
    if (thread === which) thread = undefined;
    which.ready.reject(new StoreDown('records', `opening ${options.file}`, error));
    for (const { doing, settle } of which.waiting.values())
      settle.reject(new StoreDown('records', doing, error));
    which.waiting.clear();
  };

  const running = () => {
    if (closed) throw new StoreDown('records', 'writing boots', new Error('the records are closed'));
    thread ??= begin();
    return thread;
  };

  return {
    file: options.file,
    async write(doing, task) {
      const { worker, waiting } = running();
      last += 1;
      const settle = Promise.withResolvers<void>();
      waiting.set(last, { doing, settle });
      worker.postMessage({ task, n: last });
      await settle.promise;
    },
    async ready() {
      await running().ready.promise;
    },
    async close() {
      closed = true;
      if (!thread) return;
      const { worker } = thread;
      const exit = once(worker, 'exit');
      worker.ref();
      worker.postMessage('close');
      await exit;
    },
  };
}
