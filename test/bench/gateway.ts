import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { nginxFiles } from '../../gateway/nginx.ts';
import { placesUnder } from '../../gateway/places.ts';
import { tunnelOf } from '../gateway/gateway.ts';
import { accepted, install } from '../gateway/rig.ts';
import { freePort } from '../support/free-port.ts';
import { fetchHash, fetchRate } from './fetch.ts';
import { answering, startNginx } from './nginx.ts';
import type { Scene } from './scene.ts';
import { median, round, spread } from './statistics.ts';
import type { Server, Workshop } from './workshop.ts';

/**
 * MB/s of one large asset through the gateway: handed off without a cache, beside nginx that passes the same object on; kept,
 * beside nginx that serves it as a file; and fetched into the cache.
 */
export async function measureGateway(workshop: Workshop, { storage, large }: Scene, rounds: number) {
  const broker = await startHandingOff(large.signed);
  const gateway = await startGateway(workshop, 'keeping', broker, storage.origin, { slice: '4m' });
  const passing = await startGateway(workshop, 'passing', broker, storage.origin, false);
  const direct = await startNginx(workshop, storage.origin, '64k');
  const file = await startStatic(workshop, `${storage.origin}${large.signed}`);
  const kernel = '/asset/bench/kernel';
  const lane = (url: string) => ({ url, rates: [] as number[] });
  const lanes = {
    'nginx, proxying': lane(direct.origin + large.signed),
    handoff: lane(passing.origin + kernel),
    cached: lane(gateway.origin + kernel),
    'nginx, a file': lane(`${file.origin}/object`),
    'into the cache': lane(gateway.origin + kernel),
  };
  for (const { url } of Object.values(lanes))
    if ((await fetchHash(url)) !== large.sha256) throw new Error(`${url} gave other bytes`);
  const { 'into the cache': filling, ...others } = lanes;
  // There and back again: what comes after what makes a difference of its own.
  const there = Object.values(others);
  for (let turn = -2; turn < rounds; turn += 1)
    for (const { url, rates } of turn % 2 === 0 ? there : there.toReversed()) {
      const rate = await fetchRate(url, large.size);
      if (turn >= 0) rates.push(rate);
    }
  for (let turn = 0; turn < 3; turn += 1) {
    await forget(gateway.cache);
    filling.rates.push(await fetchRate(filling.url, large.size));
  }
  for (const server of [gateway, passing, direct, file]) await server.stop();
  broker.close();
  const ratio = (one: keyof typeof lanes, other: keyof typeof lanes) =>
    round(median(lanes[one].rates.map((rate, turn) => rate / (lanes[other].rates[turn] ?? Number.NaN))), 2);
  return {
    gateway_mb_per_s: Object.fromEntries(
      Object.entries(lanes).map(([name, { rates }]) => [name, spread(rates)]),
    ),
    gateway_to: {
      'handoff to proxying': ratio('handoff', 'nginx, proxying'),
      'cached to a file': ratio('cached', 'nginx, a file'),
    },
  };
}

/** nginx takes a kept file that is not there for one that it has to fetch. */
async function forget(cache: string): Promise<void> {
  for (const name of await readdir(cache)) await rm(join(cache, name), { recursive: true });
}

/** Stands for the broker: it hands off all that it is asked for. */
async function startHandingOff(signed: string) {
  const [path = '', query = ''] = signed.split('?');
  const generation = /generation=(\d+)/.exec(query)?.[1];
  const handoff = { 'X-Accel-Redirect': `/_storage/${generation}${path}?${query}`, 'Content-Length': 0 };
  const server = createServer((_, answer) => void answer.writeHead(200, handoff).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

async function startGateway(
  workshop: Workshop,
  name: string,
  broker: { origin: string },
  storage: string,
  cache: false | object,
): Promise<Server & { readonly cache: string }> {
  const folder = join(workshop.folder, name);
  mkdirSync(folder);
  const port = await freePort();
  const places = placesUnder(folder);
  const key = join(folder, 'edge.key');
  writeFileSync(key, `bench:${randomBytes(32).toString('base64url')}`);
  const settings = accepted({
    role: 'cloud',
    tunnel: tunnelOf([{ redirects: 'never' }]),
    cache,
    listen: '127.0.0.1',
    port,
    metrics_port: await freePort(),
    key: { file: key },
    user: userInfo().username,
    broker: { origin: broker.origin },
    storage: { origin: storage },
  });
  install(places, nginxFiles(settings, places));
  const flags = [
    '-e',
    'stderr',
    '-c',
    join(places.etc, 'nginx.conf'),
    '-g',
    'daemon off; master_process off;',
  ];
  const running = workshop.spawn('nginx', flags);
  await answering(port);
  return { ...running, origin: `http://127.0.0.1:${port}`, cache: places.cache };
}

async function startStatic(workshop: Workshop, url: string): Promise<Server> {
  const folder = join(workshop.folder, 'static');
  mkdirSync(folder);
  writeFileSync(join(folder, 'object'), Buffer.from(await (await fetch(url)).arrayBuffer()));
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${config}.pid; error_log stderr error;
events { }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`,
  );
  const running = workshop.spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', config]);
  await answering(port);
  return { ...running, origin: `http://127.0.0.1:${port}` };
}
