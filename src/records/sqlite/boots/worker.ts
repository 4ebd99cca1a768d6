import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openBootsFile } from './boots-file.ts';
import type { Said, Task, Told, WriterOptions } from './task.ts';

/** Tasks of one commit: its log lies beside the file until it is taken over, on a disk that may be small. */
const mostAtOnce = 200;
/** How often the disk is looked at while something is written, in ms. */
const lookEveryMs = 1000;

if (!parentPort) throw new Error('this is the thread of boots.db, and no program');
const port = parentPort;
const say = (said: Said) => port.postMessage(said);

const file = openBootsFile(workerData as WriterOptions);
let state: 'ok' | 'full' = 'ok';
let looked = Number.NEGATIVE_INFINITY;
look();
say({ kind: 'ready' });

/** All that came while the last commit was under way goes into the next one: nothing waits in order to come together. */
port.on('message', (first: Told) => {
  const told = [first];
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    told.push(next.message as Told);
  const batches = told.filter((one) => one.kind === 'tasks');
  const tasks = batches.flatMap((batch) => batch.tasks);
  const [{ first: number } = { first: 0 }] = batches;
  for (let n = 0; n < tasks.length; n += mostAtOnce) write(number + n, tasks.slice(n, n + mostAtOnce));
  if (told.some(({ kind }) => kind === 'look')) {
    file.lookForOthers();
    sayOthers();
    say({ kind: 'looked' });
  }
  if (!told.some(({ kind }) => kind === 'close')) return;
  file.close();
  port.close();
});

function write(first: number, tasks: readonly Task[]): void {
  const which = { first, count: tasks.length };
  try {
    look();
    const last = file.write(tasks);
    sayOthers(); // first: what they wrote was there before
    say({ kind: 'done', ...which, last });
  } catch (error) {
    looked = Number.NEGATIVE_INFINITY;
    sayOthers();
    say({ kind: 'failed', ...which, message: error instanceof Error ? error.message : String(error) });
  }
}

function sayOthers(): void {
  if (file.othersWrote()) say({ kind: 'others' });
}

function look(): void {
  if (performance.now() - looked < lookEveryMs) return;
  looked = performance.now();
  const now = file.look();
  if (now !== state) say({ kind: 'disk', state: now });
  state = now;
}
