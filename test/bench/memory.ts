import { readFileSync, writeFileSync } from 'node:fs';
import { fetchRate } from './fetch.ts';
import type { Scene } from './scene.ts';
import { readSlowly } from './slow-readers.ts';
import { round } from './statistics.ts';
import type { Server } from './workshop.ts';

/** Resident memory of a process during some work, in MB. */
interface MemoryUse {
  readonly before: number;
  /** The most there was at any moment. */
  readonly peak: number;
  readonly after: number;
  /** Peak less before. */
  readonly added: number;
}

/** Memory of each kind of server: streams one after the other, several at once; and of a new one with slow readers. */
export async function measureMemory({ large, small, startBroker, startNginx }: Scene) {
  const measured = async (start: () => Promise<Server>, path: 'asset' | 'signed') => {
    const warm = async () => {
      const server = await start();
      for (let n = 0; n < 50; n += 1) await fetchRate(server.origin + small[path], small.size);
      return server;
    };
    const streaming = await warm();
    const stream = () => fetchRate(streaming.origin + large[path], large.size);
    const tenStreams = async () => {
      for (let n = 0; n < 10; n += 1) await stream();
    };
    const first = await memoryDuring(streaming.pid, stream);
    const ten = await memoryDuring(streaming.pid, tenStreams);
    const four = await memoryDuring(streaming.pid, () =>
      Promise.all([stream(), stream(), stream(), stream()]),
    );
    await streaming.stop();
    const waiting = await warm();
    const slow = await memoryDuring(waiting.pid, () => readSlowly(waiting.origin + large[path], 200, 20));
    await waiting.stop();
    return { first, ten, four, slow };
  };
  const broker = await measured(startBroker, 'asset');
  const nginx = await measured(startNginx, 'signed');
  return {
    'broker, first stream': broker.first,
    'broker, ten more': broker.ten,
    'broker, four at once': broker.four,
    'broker, 200 slow readers': broker.slow,
    'nginx, first stream': nginx.first,
    'nginx, ten more': nginx.ten,
    'nginx, four at once': nginx.four,
    'nginx, 200 slow readers': nginx.slow,
  };
}

/** Watches a process's memory while `work` runs (Linux, proc_pid_status(5)). */
async function memoryDuring(pid: number, work: () => Promise<unknown>): Promise<MemoryUse> {
  // Sets the peak that the kernel keeps back to what is resident now (proc_pid_clear_refs(5)).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = resident(pid, 'VmRSS');
  await work();
  const after = resident(pid, 'VmRSS');
  // The kernel counts in batches: its peak can be a few pages low.
  const peak = Math.max(before, after, resident(pid, 'VmHWM'));
  return { before, peak, after, added: round(peak - before) };
}

function resident(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return round((Number(kibibytes) * 1024) / 1e6);
}
