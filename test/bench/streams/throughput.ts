import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchHash, fetchRate } from '../fetch.ts';
import { startFileNginx } from '../nginx.ts';
import type { Scene, Subject } from '../scene.ts';
import { median, round, spread } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { startGateways } from './gateway.ts';
import { type Flow, readBy, type Source } from './readers.ts';

/** How many read at once, what, and how often. */
const crowds = [
  { clients: 1, size: 'large', rounds: 4 },
  { clients: 16, size: 'medium', rounds: 3 },
  { clients: 200, size: 'medium', rounds: 2 },
] as const;
const seconds = 2;

/**
 * MB/s of one asset through each server, by turns, so that what disturbs one disturbs all: the broker's stream beside nginx that
 * passes the object on; the gateway without a cache (a handoff) and with it, beside nginx that serves a file.
 */
export async function measureThroughput(workshop: Workshop, scene: Scene) {
  const { storage, large, medium } = scene;
  const broker = await scene.startBroker();
  const narrow = await scene.startNginx('4k');
  const wide = await scene.startNginx('64k');
  const gateways = await startGateways(workshop, storage.origin, {
    large: large.signed,
    medium: medium.signed,
  });
  const files = await startFileNginx(workshop, await filesOf(workshop, scene));
  const sources = (name: 'large' | 'medium', { asset, signed }: Subject) => ({
    'the storage itself': from(storage, signed),
    'broker, stream': from(broker, asset),
    'nginx, 4k': from(narrow, signed),
    'nginx, 64k': from(wide, signed),
    'gateway, handoff': from(gateways.passing, gateways.pathOf(name)),
    'gateway, cached': from(gateways.keeping, gateways.pathOf(name)),
    'nginx, a file': from(files, `/${name}`),
  });
  const lanes = { large: sources('large', large), medium: sources('medium', medium) };
  for (const [name, { sha256 }] of Object.entries({ large, medium }))
    for (const { url } of Object.values(lanes[name as 'large' | 'medium']))
      if ((await fetchHash(url)) !== sha256) throw new Error(`${url} gave other bytes`);

  const tables: Record<string, object> = {};
  for (const { clients, size, rounds } of crowds)
    tables[`streams_${clients}`] = await byTurns(
      lanes[size],
      (source) => readBy(clients, source, { seconds, folder: workshop.folder }),
      rounds,
    );

  const filling: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    await gateways.forget();
    filling.push(await fetchRate(lanes.large['gateway, cached'].url, large.size));
  }
  for (const server of [broker, narrow, wide, gateways, files]) await server.stop();
  return { ...tables, filling_the_cache_mb_per_s: { gateway: spread(filling) } };
}

const from = ({ pid, origin }: { readonly pid: number; readonly origin: string }, path: string): Source => ({
  pid,
  url: origin + path,
});

/** Puts what the storage holds into a folder. */
async function filesOf({ folder }: Workshop, { storage, ...scene }: Scene): Promise<string> {
  const files = join(folder, 'files');
  mkdirSync(files);
  for (const name of ['large', 'medium'] as const) {
    const answer = await fetch(storage.origin + scene[name].signed);
    writeFileSync(join(files, name), Buffer.from(await answer.arrayBuffer()));
  }
  return files;
}

/** There and back again: what comes after what makes a difference of its own. */
async function byTurns(
  sources: Readonly<Record<string, Source>>,
  read: (source: Source) => Promise<Flow>,
  rounds: number,
) {
  const flows: Record<string, Flow[]> = {};
  const there = Object.entries(sources);
  for (let turn = 0; turn < rounds; turn += 1)
    for (const [name, source] of turn % 2 === 0 ? there : there.toReversed())
      flows[name] = [...(flows[name] ?? []), await read(source)];
  const rates = (name: string) => (flows[name] ?? []).map(({ mbPerSecond }) => mbPerSecond);
  const to = (name: string, other: string) =>
    round(median(rates(name).map((rate, turn) => rate / (rates(other)[turn] ?? Number.NaN))), 2);
  return Object.fromEntries(
    Object.keys(sources).map((name) => [
      name,
      {
        mb_per_s: round(median(rates(name))),
        cpu_s_per_gb: round(median((flows[name] ?? []).map(({ cpuPerGb }) => cpuPerGb)), 2),
        to_nginx_4k: to(name, 'nginx, 4k'),
        to_nginx_64k: to(name, 'nginx, 64k'),
        to_a_file: to(name, 'nginx, a file'),
      },
    ]),
  );
}
