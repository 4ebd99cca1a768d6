import { Agent, get, type RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import { generated } from '../load/run.ts';
import { openRoom, type Room } from '../room.ts';
import { median, round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { startPeers } from './peers.ts';
import { syncsDuring } from './syncs.ts';
import { type Load, loaded, type Rate } from './wrk.ts';

export interface RatesOptions {
  readonly connections: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
}

/** Each may write 20 steps at once into its boots, and one a second: of so many, none is folded. Half are asked for scripts, half for assets. */
const machines = 10_000;
const warmUpSeconds = 2;
const ipxe = 'iPXE/2.0.0';

/** A load, and whose events it makes. */
interface Lane extends Load {
  /** The broker, where its answers have events. */
  readonly events?: Room;
}

interface Measured extends Rate {
  /** What was brought to the disk meanwhile. */
  readonly durable?: Durable;
}

/** Requests a second on one core, of the broker and of its peers by turns, so that what disturbs one disturbs all. */
export async function measureRates(workshop: Workshop, options: RatesOptions) {
  const peers = await startPeers(workshop);
  const room = await openRoom(workshop, { name: 'rates', machines });
  const lanes: Readonly<Record<string, Lane>> = { ...peers, ...(await asked(room)) };
  const tables: Record<string, object> = {};
  for (const connections of options.connections) {
    const rates = await byTurns(workshop, lanes, connections, options);
    tables[`rates_${connections}`] = Object.fromEntries(
      Object.entries(rates).map(([name, rate]) => [name, row(rate, rates)]),
    );
  }
  const waits = await measureWaits(workshop, lanes, options);
  const left = await durableIn(room);
  const syncs = await measureSyncs(workshop, lanes, room);
  await room.stop();
  return { ...tables, waits, events: { broker: left }, ...syncs };
}

/** The broker says how often it has committed; here the kernel says how often it was asked to bring something to the disk. */
async function measureSyncs({ folder }: Workshop, lanes: Readonly<Record<string, Lane>>, room: Room) {
  const { 'machine script': script } = lanes;
  if (!script) throw new Error('the lanes have other names');
  const before = await durableIn(room);
  const calls = await syncsDuring(room.pid, () => loaded(folder, script, { connections: 64, seconds: 2 }));
  if (calls === undefined) return {};
  const { written, syncs } = difference(await durableIn(room), before);
  const counted = { events: written, commits: syncs, calls, calls_per_event: round(calls / written, 3) };
  return { syncs_by_strace: { 'machine script': counted } };
}

/** The most that anybody opens. */
const crowd = 512;

/**
 * What another machine waits for its script. At half of the rate that was reached by 64 connections, whoever comes: so is a room
 * that is busy. And by 512 connections that ask again as soon as they have an answer: there the median cannot be much less than 512
 * by the rate that is reached. The bare server is asked at the same rate: what it shows is the load's own doing.
 */
async function measureWaits(
  { folder }: Workshop,
  loads: Readonly<Record<string, Load>>,
  { seconds }: RatesOptions,
) {
  const { 'machine script': script, 'bare node:http': bare } = loads;
  if (!script || !bare) throw new Error('the lanes have other names');
  const reached = await loaded(folder, script, { connections: 64, seconds });
  const rate = Math.round(reached.rate / 2);
  const table: Record<string, object> = {};
  for (const [name, load] of Object.entries({ 'machine script': script, 'bare node:http': bare })) {
    await generated(folder, load, { connections: crowd, seconds: 1, rate });
    const open = await generated(folder, load, { connections: crowd, seconds: 2 * seconds, rate });
    const closed = await loaded(folder, load, { connections: crowd, seconds });
    table[name] = {
      open_rate: rate,
      open_p50_ms: round(open.p50, 2),
      open_p99_ms: round(open.p99, 2),
      closed_rate: Math.round(closed.rate),
      closed_p50_ms: round(closed.p50, 2),
      closed_p50_to_least: round(closed.p50 / ((crowd / closed.rate) * 1000), 2),
    };
  }
  return table;
}

async function asked(room: Room): Promise<Readonly<Record<string, Lane>>> {
  const { pid, boot: port, machines } = room;
  const at = { pid, port, userAgent: ipxe };
  const [forScripts, forAssets] = [
    machines.slice(0, machines.length / 2),
    machines.slice(machines.length / 2),
  ];
  const kernels = await kernelsOf(room, forAssets);
  return {
    'chain script': { ...at, targets: ['/boot.ipxe'], status: 200 },
    'machine script': { ...at, targets: forScripts.map(scriptOf), status: 200, events: room },
    redirect: { ...at, targets: kernels, status: 302, events: room },
    HEAD: { ...at, targets: kernels, method: 'HEAD', status: 200 },
    refusal: { ...at, targets: ['/boot.ipxe?mac=52:54:00:ff:ff:ff'], status: 404 },
  };
}

const scriptOf = ({ mac }: { readonly mac: string }) =>
  `/boot.ipxe?mac=${mac}&arch=x86_64&platform=efi&version=2.0.0`;

/** Where each machine's own script sends it for its kernel: in the boot that this script began. */
async function kernelsOf({ boot }: Room, machines: Room['machines']): Promise<string[]> {
  const kernels: string[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  for (let n = 0; n < machines.length; n += 500) {
    const scripts = machines
      .slice(n, n + 500)
      .map((one) => textOf({ port: boot, path: scriptOf(one), agent }));
    for (const script of await Promise.all(scripts)) {
      const [, kernel] = /^kernel --name \S+ (\S+)/m.exec(script) ?? [];
      if (!kernel?.includes('&boot=')) throw new Error(`a script names no kernel of its boot: ${script}`);
      kernels.push(kernel);
    }
  }
  agent.destroy();
  return kernels;
}

function textOf(asking: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', headers: { 'User-Agent': ipxe }, ...asking }, (response) => {
      text(response).then(resolve, reject);
    }).on('error', reject);
  });
}

async function byTurns(
  { folder }: Workshop,
  lanes: Readonly<Record<string, Lane>>,
  connections: number,
  { seconds, rounds }: RatesOptions,
): Promise<Readonly<Record<string, readonly Measured[]>>> {
  const all: Record<string, Measured[]> = {};
  for (const lane of Object.values(lanes))
    await measured(folder, lane, { connections, seconds: warmUpSeconds });
  for (let turn = 0; turn < rounds; turn += 1)
    for (const [name, lane] of Object.entries(lanes)) {
      const before = lane.events && (await durableIn(lane.events));
      const rate = await measured(folder, lane, { connections, seconds });
      const durable = lane.events && before && difference(await durableIn(lane.events), before);
      all[name] = [...(all[name] ?? []), { ...rate, ...(durable && { durable }) }];
    }
  return all;
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
function middle(rates: readonly Measured[]): Measured {
  const sorted = rates.toSorted((a, b) => a.rate - b.rate);
  const found = sorted[Math.floor((sorted.length - 1) / 2)];
  if (!found) throw new Error('nothing was measured');
  return found;
}

/** The ratios are medians over the rounds, each to the peer's rate in the same round: what disturbs a round disturbs both. */
export function row(rounds: readonly Measured[], all: Readonly<Record<string, readonly Measured[]>>) {
  const { rate, p50, p99, cpu, durable } = middle(rounds);
  const share = (peer: string) => {
    const others = all[peer];
    const ratios = rounds.map((one, turn) => one.rate / (others?.[turn]?.rate ?? Number.NaN));
    return others && { [`to_${peer.replace(/\W+/g, '_')}`]: round(median(ratios), 2) };
  };
  return {
    rate: Math.round(rate),
    p50_ms: round(p50, 2),
    p99_ms: round(p99, 2),
    cpu_us: round(cpu, 1),
    ...share('bare node:http'),
    ...share('koa, redirect'),
    ...share('koa, script'),
    ...share('nginx'),
    ...share('matchbox'),
    ...(durable && {
      events: durable.written,
      folded: durable.folded + durable.lost,
      syncs_per_event: round(durable.syncs / durable.written, 3),
    }),
  };
}

interface Durable {
  readonly written: number;
  readonly folded: number;
  readonly lost: number;
  readonly syncs: number;
}

async function durableIn({ metrics }: Room): Promise<Durable> {
  const { sum } = await metrics();
  const events = (outcome: string) => sum('bootbroker_boot_events_total', { outcome });
  return {
    written: events('written'),
    folded: events('folded'),
    lost: events('lost'),
    syncs: sum('bootbroker_records_commit_writes_count'),
  };
}

function difference(after: Durable, before: Durable): Durable {
  const of = (name: keyof Durable) => after[name] - before[name];
  return { written: of('written'), folded: of('folded'), lost: of('lost'), syncs: of('syncs') };
}
