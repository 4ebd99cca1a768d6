import { readdirSync, readFileSync } from 'node:fs';
import { registerCompletionHandler } from 'ava';
import { scaled } from './patience.ts';

// Every worker of ava loads this first (package.json): nothing that a test has started outlives its worker, however that ends.

/** ava ends a worker that takes too long by this signal: without a handler nobody would be told. */
process.once('SIGTERM', () => process.exit(1));

process.once('exit', () => {
  for (const pid of offspring()) end(pid);
});

/** Its tests are over. What keeps it running belongs to none of them. */
registerCompletionHandler(() => {
  const late = () => {
    console.error(`this worker does not end, because of ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  };
  setTimeout(late, Math.min(scaled(30_000), 120_000)).unref();
});

/** The processes that come from this one, but for those that left its session: they end by themselves (the keeper of a room). */
function offspring(): number[] {
  const children = new Map<number, number[]>();
  const sessions = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const [pid, parent, session] = stat(name);
    sessions.set(pid, session);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? [])
      .filter((child) => sessions.get(child) === sessions.get(process.pid))
      .flatMap((child) => [child, ...below(child)]);
  return below(process.pid);
}

/** proc_pid_stat(5): what follows the name, which may hold anything, is state, parent, group, session. */
function stat(name: string): [pid: number, parent: number, session: number] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [Number(name), Number(fields[1]), Number(fields[3])];
  } catch {
    return [Number(name), 0, 0]; // gone meanwhile
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
