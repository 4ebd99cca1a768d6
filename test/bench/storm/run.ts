import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadingCore, processorTime } from '../cores.ts';
import type { Room } from '../room.ts';
import type { Workshop } from '../workshop.ts';
import { type Counts, countsOf } from './counts.ts';
import type { StormLoad, StormSeen } from './load.ts';

export interface Ran {
  readonly seen: StormSeen;
  /** What one boot asked for, on average. */
  readonly each: Counts;
  /** Processor time of the broker for one, in ms. */
  readonly cpuMs: number;
}

/** All machines of a room boot once, or the first ones of them. */
export async function runStorm(
  workshop: Workshop,
  room: Room,
  {
    arrivalSeconds,
    most = room.machines.length,
  }: { readonly arrivalSeconds: number; readonly most?: number },
): Promise<Ran> {
  const machines = room.machines.slice(0, most);
  const macs = join(workshop.folder, 'macs');
  writeFileSync(macs, machines.map(({ mac }) => `${mac}\n`).join(''));
  const before = countsOf(await room.metrics());
  const cpu = processorTime(room.pid);
  const load: StormLoad = { boot: room.boot, macs, arrivalSeconds };
  const seen = await workshop.result<StormSeen>(join(import.meta.dirname, 'load.ts'), load, loadingCore);
  const cpuMs = (processorTime(room.pid) - cpu) / 1000;
  const after = countsOf(await room.metrics());
  if (seen.error) console.error(`one of ${seen.errors} that failed: ${seen.error}`);
  const each = Object.fromEntries(
    Object.entries(after).map(([name, count]) => [
      name,
      (count - before[name as keyof Counts]) / machines.length,
    ]),
  ) as unknown as Counts;
  return { seen, each, cpuMs: cpuMs / machines.length };
}
