import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../../support/need.ts';

/**
 * How often a process, with all of its threads, asks the kernel to bring something to the disk while `work` runs: strace counts
 * fsync and fdatasync, which slows the process. Undefined: strace is not there, or may not look.
 */
export async function syncsDuring(pid: number, work: () => Promise<unknown>): Promise<number | undefined> {
  if (command('strace').missing()) return undefined;
  const strace = spawn(
    'strace',
    ['-f', '-c', '-U', 'calls,name', '-e', 'trace=fsync,fdatasync', '-p', String(pid)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const said = text(strace.stderr);
  const ended = once(strace, 'exit');
  const isLooking = await Promise.race([ended.then(() => false), sleep(1000, true)]);
  if (!isLooking) return undefined;
  try {
    await work();
  } finally {
    strace.kill('SIGINT');
    await ended;
  }
  return syncsIn(await said);
}

/** Calls in a summary of strace -c -U calls,name. */
export function syncsIn(summary: string): number {
  return [...summary.matchAll(/^\s*(\d+)\s+f(?:data)?sync\s*$/gm)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}
