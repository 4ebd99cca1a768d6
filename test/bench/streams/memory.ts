import { readFileSync, writeFileSync } from 'node:fs';
import { processorTime } from '../cores.ts';
import { fetchRate } from '../fetch.ts';
import type { Scene } from '../scene.ts';
import { round } from '../statistics.ts';
import type { Server } from '../workshop.ts';
import { readSlowly } from './slow-readers.ts';

const readers = 200;
const seconds = 10;

/**
 * Resident memory that streams add to a process: one, and sixteen at once; and in a new one two hundred readers that take 64 KiB a
 * second, with what processor time they cost.
 */
export async function measureMemory({ large, small, startBroker, startNginx }: Scene) {
  const measured = async (start: () => Promise<Server>, path: 'asset' | 'signed') => {
    const warm = async () => {
      const server = await start();
      for (let n = 0; n < 50; n += 1) await fetchRate(server.origin + small[path], small.size);
      return server;
    };
    const streaming = await warm();
    const stream = () => fetchRate(streaming.origin + large[path], large.size);
    const first = await addedDuring(streaming.pid, stream);
    const sixteen = await addedDuring(streaming.pid, () => Promise.all(Array.from({ length: 16 }, stream)));
    await streaming.stop();
    const waiting = await warm();
    const cpu = processorTime(waiting.pid);
    let bytes = 0;
    const slow = await addedDuring(waiting.pid, async () => {
      bytes = await readSlowly(waiting.origin + large[path], readers, seconds);
    });
    const cpuSeconds = (processorTime(waiting.pid) - cpu) / 1e6;
    await waiting.stop();
    return {
      first_mb: round(first / 1e6),
      sixteen_mb: round(sixteen / 1e6),
      slow_200_mb: round(slow / 1e6),
      slow_kib_each: round(slow / 1024 / readers),
      slow_cpu_s_per_gb: round(cpuSeconds / (bytes / 1e9), 2),
    };
  };
  return {
    broker: await measured(startBroker, 'asset'),
    'nginx, 4k': await measured(() => startNginx('4k'), 'signed'),
    'nginx, 64k': await measured(() => startNginx('64k'), 'signed'),
  };
}

/** By how many bytes a process's memory grew at the most while `work` ran (Linux, proc_pid_status(5)). */
async function addedDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  // Sets the peak that the kernel keeps back to what is resident now (proc_pid_clear_refs(5)).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = resident(pid, 'VmRSS');
  await work();
  // The kernel counts in batches: its peak can be a few pages low.
  return Math.max(before, resident(pid, 'VmRSS'), resident(pid, 'VmHWM')) - before;
}

function resident(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return Number(kibibytes) * 1024;
}
