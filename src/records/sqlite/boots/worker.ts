import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openBootsFile } from './boots-file.ts';
import type { Said, Task, WriterOptions } from './task.ts';

/** Tasks of one commit: its log lies beside the file until it is taken over, on a disk that may be small. */
const mostAtOnce = 200;
/** How often the disk is looked at while something is written, in ms. */
const lookEveryMs = 1000;

type Message = { readonly task: Task; readonly n: number } | 'close';

if (!parentPort) throw new Error('this is the thread of boots.db, and no program');
const port = parentPort;
const say = (said: Said) => port.postMessage(said);

const file = openBootsFile(workerData as WriterOptions);
let state: 'ok' | 'full' = 'ok';
let looked = Number.NEGATIVE_INFINITY;
look();
say({ kind: 'ready' });

/** All that came while the last commit was under way goes into the next one: nothing waits in order to come together. */
port.on('message', (first: Message) => {
  const messages = [first];
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    messages.push(next.message as Message);
  const tasks = messages.filter((message) => message !== 'close');
  for (let n = 0; n < tasks.length; n += mostAtOnce) write(tasks.slice(n, n + mostAtOnce));
  if (tasks.length === messages.length) return;
  file.close();
  port.close();
});

function write(messages: readonly Exclude<Message, 'close'>[]): void {
  const tasks = messages.map(({ n }) => n);
  try {
    look();
    file.write(messages.map(({ task }) => task));
    say({ kind: 'done', tasks });
  } catch (error) {
    looked = Number.NEGATIVE_INFINITY;
    say({ kind: 'failed', tasks, message: error instanceof Error ? error.message : String(error) });
  }
}

function look(): void {
  if (performance.now() - looked < lookEveryMs) return;
  looked = performance.now();
  const now = file.look();
  if (now !== state) say({ kind: 'disk', state: now });
  state = now;
}
