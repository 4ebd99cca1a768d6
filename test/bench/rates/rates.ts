import { generated } from '../load/run.ts';
import { openRoom, type Room } from '../room.ts';
import { round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { startPeers } from './peers.ts';
import { type Load, loaded, type Rate } from './wrk.ts';

export interface RatesOptions {
  readonly connections: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
}

/** Each of them may write 20 steps at once into its boots: none that is asked for is folded. */
const machines = 10_000;
const warmUpSeconds = 4;
const ipxe = 'iPXE/2.0.0';

/** Requests a second on one core, of the broker and of its peers by turns, so that what disturbs one disturbs all. */
export async function measureRates(workshop: Workshop, options: RatesOptions) {
  const peers = await startPeers(workshop);
  const room = await openRoom(workshop, 'rates', machines);
  const loads = { ...peers, ...asked(room) };
  const tables: Record<string, Readonly<Record<string, object>>> = {};
  for (const connections of options.connections) {
    const rates = await byTurns(workshop, loads, connections, options);
    const title = `rates_${connections}`;
    tables[title] = Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, row(rate, rates)]));
  }
  const events = await eventsOf(room);
  const waits = await measureWaits(workshop, loads, options);
  await room.stop();
  return { ...tables, durable_events: { broker: events }, waits };
}

/** The most that anybody opens. */
const crowd = 512;

/**
 * What another machine waits for its script. At half of the rate that was reached by 64 connections, whoever comes: so is a room
 * that is busy. And by 512 connections that ask again as soon as they have an answer: there the median cannot be less than 512
 * by the rate that is reached.
 */
async function measureWaits(
  { folder }: Workshop,
  loads: Readonly<Record<string, Load>>,
  { seconds }: RatesOptions,
) {
  const table: Record<string, object> = {};
  for (const name of ['machine script', 'bare node:http']) {
    const load = loads[name];
    if (!load) continue;
    const reached = await loaded(folder, load, { connections: 64, seconds });
    const rate = Math.round(reached.rate / 2);
    const open = await generated(folder, load, { connections: crowd, seconds, rate });
    const closed = await loaded(folder, load, { connections: crowd, seconds });
    table[name] = {
      open_rate: rate,
      open_p50_ms: round(open.p50, 2),
      open_p99_ms: round(open.p99, 2),
      closed_p50_ms: round(closed.p50, 2),
      closed_p50_to_least: round(closed.p50 / ((crowd / closed.rate) * 1000), 2),
    };
  }
  return table;
}

function asked({ pid, boot: port, revision, machines }: Room): Readonly<Record<string, Load>> {
  const at = { pid, port, userAgent: ipxe };
  const kernels = machines.map(({ id }) => `/asset/${revision}/kernel?machine=${id}`);
  return {
    'chain script': { ...at, targets: ['/boot.ipxe'], status: 200 },
    'machine script': {
      ...at,
      targets: machines.map(({ mac }) => `/boot.ipxe?mac=${mac}&arch=x86_64&platform=efi&version=2.0.0`),
      status: 200,
    },
    redirect: { ...at, targets: kernels, status: 302 },
    HEAD: { ...at, targets: kernels, method: 'HEAD', status: 200 },
    refusal: { ...at, targets: ['/boot.ipxe?mac=52:54:00:ff:ff:ff'], status: 404 },
  };
}

async function byTurns(
  { folder }: Workshop,
  loads: Readonly<Record<string, Load>>,
  connections: number,
  { seconds, rounds }: RatesOptions,
): Promise<Readonly<Record<string, Rate>>> {
  const all: Record<string, Rate[]> = {};
  for (const load of Object.values(loads))
    await measured(folder, load, { connections, seconds: warmUpSeconds });
  for (let turn = 0; turn < rounds; turn += 1)
    for (const [name, load] of Object.entries(loads)) {
      const rate = await measured(folder, load, { connections, seconds });
      all[name] = [...(all[name] ?? []), rate];
    }
  return Object.fromEntries(Object.entries(all).map(([name, rates]) => [name, middle(rates)]));
}

/** wrk is the faster one, but waits for the bodies of HEAD. */
function measured(
  folder: string,
  load: Load,
  how: { readonly connections: number; readonly seconds: number },
) {
  return load.method === 'HEAD' ? generated(folder, load, { ...how, rate: 0 }) : loaded(folder, load, how);
}

/** The round whose rate is the median. */
function middle(rates: readonly Rate[]): Rate {
  const sorted = rates.toSorted((a, b) => a.rate - b.rate);
  const found = sorted[Math.floor((sorted.length - 1) / 2)];
  if (!found) throw new Error('nothing was measured');
  return found;
}

function row({ rate, p50, p99, cpu }: Rate, rates: Readonly<Record<string, Rate>>) {
  const share = (peer: string) => {
    const other = rates[peer];
    return other && { [`to_${peer.replace(/\W+/g, '_')}`]: round(rate / other.rate, 2) };
  };
  return {
    rate: Math.round(rate),
    p50_ms: round(p50, 2),
    p99_ms: round(p99, 2),
    cpu_us: round(cpu, 1),
    ...share('bare node:http'),
    ...share('koa, redirect'),
    ...share('koa, script'),
    ...share('matchbox'),
  };
}

async function eventsOf({ metric }: Room) {
  const events = (outcome: string) => metric('bootbroker_boot_events_total', { outcome });
  const syncs = await metric('bootbroker_records_commit_writes_count');
  const written = await events('written');
  return {
    written,
    folded: await events('folded'),
    lost: await events('lost'),
    syncs_per_event: round(syncs / written, 3),
  };
}
