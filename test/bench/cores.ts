import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What is measured runs on the one core, and what loads it on the other. */
export const measuredCore = 0;
export const loadingCore = 1;

/** Keeps a process, with all of its threads, on one core. */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
    stdio: 'ignore',
  });
}

/** Clock ticks a second of /proc (getconf CLK_TCK), on every Linux that Node runs on. */
const ticks = 100;

/** Processor time that a process has taken so far, all of its threads together, in microseconds (proc_pid_stat). */
export function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticks;
}
