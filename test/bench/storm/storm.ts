import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../support/http.ts';
import { openRoom, type Room } from '../room.ts';
import { quantile, round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { runStorm } from './run.ts';

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
/** The emulator is slow until it has been asked much: so many boot before it counts. */
const forTheEmulator = { most: 200, arrivalSeconds: 20 };

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
    const settings = { BROKER_MAX_CONNECTIONS: String(Math.max(8192, 2 * machines)) };
    const room = await openRoom(workshop, { name, ...options, settings });
    // From half a second after its first answer, a broker hears what changes: what it read before that is not kept for long.
    await ask(room.boot, '/boot.ipxe?mac=52-54-00-ff-ff-ff', { userAgent: 'iPXE/2.0.0' });
    if (stores === 'gcp') await runStorm(workshop, room, forTheEmulator);
    await sleep(outdatedMs);
    storm[`${name}, cold`] = await oneStorm(workshop, room, options);
    storm[`${name}, warm`] = await oneStorm(workshop, room, options);
    await room.stop();
  }
  return { storm };
}

async function oneStorm(workshop: Workshop, room: Room, { arrivalSeconds }: StormOptions) {
  const { seen, each, cpuMs } = await runStorm(workshop, room, { arrivalSeconds });
  return {
    errors: seen.errors,
    arrival_s: arrivalSeconds,
    last_boot_s: round(seen.lastBootSeconds, 2),
    script_p50_ms: round(quantile(seen.scripts, 0.5), 1),
    script_p99_ms: round(quantile(seen.scripts, 0.99), 1),
    bytes: round(each.bytes, 0),
    reads: round(each.reads, 3),
    events: round(each.events, 2),
    syncs: round(each.syncs, 2),
    syncs_per_event: round(each.syncs / each.events, 2),
    signed: round(each.signed, 3),
    documents_read: round(each.documentsRead, 2),
    documents_written: round(each.documentsWritten, 2),
    cpu_ms: round(cpuMs, 2),
  };
}
