import { setTimeout as sleep } from 'node:timers/promises';
import { processorTime } from '../cores.ts';
import { openRoom, type Room } from '../room.ts';
import { quantile, round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { countsOf } from './counts.ts';
import { type Booted, bootOf } from './machine.ts';

export interface StormOptions {
  readonly machines: number;
  /** So many more are known to the broker, and stay away. */
  readonly known?: number;
  readonly stores: 'embedded' | 'gcp';
  /** All of them have come by then. */
  readonly arrivalSeconds: number;
}

/** What a process knows of its records is outdated by then, in ms. */
const outdatedMs = 6_000;

/**
 * Machines that all come up within some seconds, as after a power cut: first those that nobody has asked for yet, then all of them
 * once more.
 */
export async function measureStorm(workshop: Workshop, storms: readonly StormOptions[]) {
  const storm: Record<string, object> = {};
  for (const options of storms) {
    const { machines, known = 0, stores } = options;
    const name = `${machines} machines${known > 0 ? `, ${machines + known} known` : ''}, ${stores}`;
    console.error(`a storm: ${name}`);
    const room = await openRoom(workshop, { name, ...options, settings: roomFor(machines) });
    await sleep(outdatedMs);
    storm[`${name}, cold`] = await oneStorm(room, options);
    storm[`${name}, warm`] = await oneStorm(room, options);
    await room.stop();
  }
  return { storm };
}

/** Each of them keeps a connection while it boots: more than 8192 at once have to be allowed. */
function roomFor(machines: number) {
  return { BROKER_MAX_CONNECTIONS: String(Math.max(8192, 2 * machines)) };
}

async function oneStorm(room: Room, { arrivalSeconds }: StormOptions) {
  const { machines, boot, pid } = room;
  const before = countsOf(await room.metrics());
  const cpu = processorTime(pid);
  const began = performance.now() + 500;
  const arrivals = machines.map((_, n) => began + (n * arrivalSeconds * 1000) / machines.length);
  const outcomes = await Promise.allSettled(
    machines.map(({ mac }, n) => bootOf({ mac, address: addressOf(n), boot }, arrivals[n] ?? began)),
  );
  const booted = outcomes.flatMap((one): Booted[] => (one.status === 'fulfilled' ? [one.value] : []));
  const [failed] = outcomes.filter((one) => one.status === 'rejected');
  if (failed) console.error('one of those that failed:', failed.reason);
  const scripts = booted.map(({ scriptMs }) => scriptMs);
  const ends = booted.map(({ endedAt }) => endedAt);
  const cpuMs = (processorTime(pid) - cpu) / 1000;
  const after = countsOf(await room.metrics());
  const each = (name: keyof typeof after) => round((after[name] - before[name]) / machines.length, 2);
  return {
    errors: outcomes.length - booted.length,
    arrival_s: arrivalSeconds,
    last_boot_s: round((quantile(ends, 1) - (arrivals.at(-1) ?? began)) / 1000, 2),
    script_p50_ms: round(quantile(scripts, 0.5), 1),
    script_p99_ms: round(quantile(scripts, 0.99), 1),
    bytes: each('bytes'),
    reads: each('reads'),
    events: each('events'),
    syncs: each('syncs'),
    signed: each('signed'),
    documents_read: each('documentsRead'),
    documents_written: each('documentsWritten'),
    cpu_ms: round(cpuMs / machines.length, 2),
  };
}

/** One of 127.0.0.0/8 for each. */
function addressOf(n: number): string {
  return `127.${1 + Math.floor(n / 62_500)}.${Math.floor(n / 250) % 250}.${1 + (n % 250)}`;
}
