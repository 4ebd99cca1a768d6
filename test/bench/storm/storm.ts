import { setTimeout as sleep } from 'node:timers/promises';
import { loadingCore, pin, processorTime } from '../cores.ts';
import { openRoom, type Room } from '../room.ts';
import { quantile, round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { type Booted, bootOf } from './machine.ts';

/** All of them have come by then, in ms. */
const arrivalMs = 10_000;
/** What a process knows of its records is outdated by then, in ms. */
const outdatedMs = 6_000;

/** Machines that all come up within ten seconds, as after a power cut: first those that nobody has asked for yet, then all of them once more. */
export async function measureStorm(workshop: Workshop, sizes: readonly number[]) {
  pin(process.pid, loadingCore);
  const storm: Record<string, object> = {};
  for (const size of sizes) {
    const room = await openRoom(workshop, `storm-${size}`, size);
    await sleep(outdatedMs);
    storm[`${size}, cold`] = await oneStorm(room);
    storm[`${size}, warm`] = await oneStorm(room);
    await room.stop();
  }
  return { storm };
}

async function oneStorm(room: Room) {
  const { machines, boot, pid } = room;
  const before = await countsOf(room);
  const cpu = processorTime(pid);
  const began = performance.now() + 500;
  const outcomes = await Promise.allSettled(
    machines.map(({ mac }, n) =>
      bootOf({ mac, address: addressOf(n), boot }, began + (n * arrivalMs) / machines.length),
    ),
  );
  const booted = outcomes.flatMap((one): Booted[] => (one.status === 'fulfilled' ? [one.value] : []));
  const [failed] = outcomes.filter(({ status }) => status === 'rejected');
  if (failed) console.error('one of those that failed:', (failed as PromiseRejectedResult).reason);
  const scripts = booted.map(({ scriptMs }) => scriptMs);
  const after = await countsOf(room);
  const each = (name: keyof typeof after) => round((after[name] - before[name]) / machines.length, 2);
  return {
    errors: outcomes.length - booted.length,
    last_boot_s: round((Math.max(...booted.map(({ endedAt }) => endedAt)) - began - arrivalMs) / 1000, 2),
    script_p50_ms: round(quantile(scripts, 0.5), 1),
    script_p99_ms: round(quantile(scripts, 0.99), 1),
    bytes_each: each('bytes'),
    reads_each: each('reads'),
    events_each: each('events'),
    syncs_each: each('syncs'),
    signed_each: each('signed'),
    cpu_ms_each: round((processorTime(pid) - cpu) / 1000 / machines.length, 2),
  };
}

async function countsOf({ metric }: Room) {
  const operations = (store: string, more = {}) =>
    metric('bootbroker_operation_duration_seconds_count', { store, ...more });
  const events = await metric('bootbroker_boot_events_total', { outcome: 'written' });
  const records = await operations('records');
  // What is written is no read, whether others write is asked once in five seconds, whoever boots, and a last boot may be known.
  const others = await Promise.all(
    ['addBootEntry', 'updatePending', 'since', 'write', 'disk', 'ping', 'expireBoots', 'lastBoot'].map(
      (operation) => operations('records', { operation }),
    ),
  );
  const lastBoots = await metric('bootbroker_records_cache_reads_total', {
    read: 'lastBoot',
    result: 'miss',
  });
  return {
    events,
    reads: others.reduce((left, count) => left - count, records) + lastBoots,
    syncs: await metric('bootbroker_records_commit_writes_count'),
    signed: await operations('signer'),
    bytes: await metric('bootbroker_response_bytes_total', { plane: 'boot' }),
  };
}

/** One of 127.0.0.0/8 for each. */
function addressOf(n: number): string {
  return `127.${1 + Math.floor(n / 62_500)}.${Math.floor(n / 250) % 250}.${1 + (n % 250)}`;
}
