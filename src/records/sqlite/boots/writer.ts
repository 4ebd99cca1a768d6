import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StoreDown } from '../../../boot/store-down.ts';
import { lru } from '../../../lru.ts';
import type { Said, Task, Told, WriterOptions } from './task.ts';

export interface BootsWriterOptions extends WriterOptions {
  readonly onDisk?: (state: 'ok' | 'full') => void;
  /** Hears how many tasks were brought to the disk together. */
  readonly onCommit?: (tasks: number) => void;
}

/** Writes `boots.db` in a thread of its own, which starts with the first task: the event loop never waits for the disk. */
export interface BootsWriter extends Pick<WriterOptions, 'file'> {
  /** Resolves when it is on disk; rejects with StoreDown when it will not be. */
  write(doing: string, task: Task): Promise<void>;
  /**
   * The last boot of a machine, as JSON, as far as the thread has written it or it was kept here; undefined: the file has to be
   * asked. What another process writes is known within five seconds.
   */
  last(machineId: string): string | undefined | Promise<string | undefined>;
  /** Keeps what the file says. */
  keep(machineId: string, body: string): void;
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
  /** By number. */
  readonly waiting: Map<number, Waiting>;
  /** What came in this turn of the event loop. */
  gathered: Task[];
  /** Number of the last task. */
  last: number;
  looking: PromiseWithResolvers<void> | undefined;
}

/** Machines whose last boots are kept. */
const mostKept = 10_000;
/** A longer one, in characters, is read again. */
const longestKept = 4096;
/** For so long nobody asks again whether another process has written, in ms. */
const provenMs = 5000;

export function openBootsWriter({ onDisk, onCommit, ...options }: BootsWriterOptions): BootsWriter {
  const kept = lru<string>(mostKept);
  let provenAt = Number.NEGATIVE_INFINITY;
  let thread: Thread | undefined;
  let closed = false;

  const begin = (): Thread => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: options, name: 'boots' });
    const begun: Thread = {
      worker,
      ready: Promise.withResolvers(),
      waiting: new Map(),
      gathered: [],
      last: 0,
      looking: undefined,
    };
    begun.ready.promise.catch(() => {}); // whoever asks is told; nobody has to ask
    worker.unref(); // what waits for an answer has a connection that keeps the process alive
    worker.on('message', (said: Said) => heard(begun, said));
    worker.once('error', (error: Error) => ended(begun, error));
    worker.once('exit', () => ended(begun, new Error('its thread has ended')));
    return begun;
  };

  const keep = (machineId: string, body: string | undefined) => {
    if (body !== undefined && body.length <= longestKept) kept.set(machineId, body);
    else kept.delete(machineId);
  };

  const heard = (begun: Thread, said: Said) => {
    if (said.kind === 'ready') begun.ready.resolve();
    else if (said.kind === 'disk') onDisk?.(said.state);
    else if (said.kind === 'others') kept.clear();
    else if (said.kind === 'looked') {
      begun.looking?.resolve();
      begun.looking = undefined;
    } else {
      if (said.kind === 'done') {
        onCommit?.(said.count);
        for (const [machine, body] of said.last) keep(machine, body);
      }
      for (let n = said.first; n < said.first + said.count; n += 1) {
        const { doing, settle } = begun.waiting.get(n) ?? {};
        begun.waiting.delete(n);
        if (said.kind === 'done') settle?.resolve();
        else settle?.reject(new StoreDown('records', doing ?? '', new Error(said.message)));
      }
    }
  };

  /** The next task starts another one. */
  const ended = (which: Thread, error: Error) => {
    if (thread === which) thread = undefined;
    kept.clear();
    which.ready.reject(new StoreDown('records', `opening ${options.file}`, error));
    which.looking?.resolve();
    for (const { doing, settle } of which.waiting.values())
      settle.reject(new StoreDown('records', doing, error));
    which.waiting.clear();
  };

  const running = () => {
    if (closed) throw new StoreDown('records', 'writing boots', new Error('the records are closed'));
    thread ??= begin();
    return thread;
  };

  const tell = ({ worker }: Thread, told: Told) => worker.postMessage(told);

  /** Wakes the thread once for all that came in one turn of the event loop. */
  const send = (to: Thread) => {
    const { gathered: tasks, last } = to;
    to.gathered = [];
    if (tasks.length > 0) tell(to, { kind: 'tasks', first: last - tasks.length + 1, tasks });
  };

  const look = async () => {
    const to = running();
    const asked = performance.now();
    if (!to.looking) {
      to.looking = Promise.withResolvers();
      tell(to, { kind: 'look' });
    }
    await to.looking.promise;
    provenAt = asked;
  };

  return {
    file: options.file,
    async write(doing, task) {
      const to = running();
      const settle = Promise.withResolvers<void>();
      to.last += 1;
      to.waiting.set(to.last, { doing, settle });
      to.gathered.push(task);
      if (to.gathered.length === 1) setImmediate(send, to);
      await settle.promise;
    },
    last(machineId) {
      const body = kept.get(machineId);
      if (body === undefined || performance.now() - provenAt < provenMs) return body;
      return look().then(() => kept.get(machineId));
    },
    keep,
    async ready() {
      await running().ready.promise;
    },
    async close() {
      closed = true;
      if (!thread) return;
      const { worker } = thread;
      const exit = once(worker, 'exit');
      worker.ref();
      send(thread);
      tell(thread, { kind: 'close' });
      await exit;
    },
  };
}
