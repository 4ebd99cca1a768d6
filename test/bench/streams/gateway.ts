import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { nginxFiles } from '../../../gateway/nginx.ts';
import { placesUnder } from '../../../gateway/places.ts';
import { tunnelOf } from '../../gateway/gateway.ts';
import { accepted, install } from '../../gateway/rig.ts';
import { freePort } from '../../support/free-port.ts';
import { answering } from '../nginx.ts';
import type { Server, Workshop } from '../workshop.ts';

/** The gateway with and without its cache, before a broker that hands off all that it is asked for. */
export interface Gateways {
  readonly passing: Server;
  readonly keeping: Server;
  /** Path at both of them. */
  pathOf(name: string): string;
  /** Empties the cache. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

/** `signed` has the path and query at the storage of each name. */
export async function startGateways(
  workshop: Workshop,
  storage: string,
  signed: Readonly<Record<string, string>>,
): Promise<Gateways> {
  const broker = await startHandingOff(signed);
  const keeping = await startGateway(workshop, 'keeping', broker, storage, { slice: '4m' });
  const passing = await startGateway(workshop, 'passing', broker, storage, false);
  return {
    passing,
    keeping,
    pathOf: (name) => `/asset/${name}/kernel`,
    forget: () => forget(keeping.cache),
    async stop() {
      await Promise.all([keeping.stop(), passing.stop()]);
      broker.close();
    },
  };
}

/** nginx takes a kept file that is not there for one that it has to fetch. */
async function forget(cache: string): Promise<void> {
  for (const name of await readdir(cache)) await rm(join(cache, name), { recursive: true });
}

/** Stands for the broker: it hands off all that it is asked for. */
async function startHandingOff(signed: Readonly<Record<string, string>>) {
  const handoffOf = (name: string) => {
    const [path = '', query = ''] = (signed[name] ?? '').split('?');
    const generation = /generation=(\d+)/.exec(query)?.[1];
    return { 'X-Accel-Redirect': `/_storage/${generation}${path}?${query}`, 'Content-Length': 0 };
  };
  const server = createServer(
    ({ url = '' }, answer) => void answer.writeHead(200, handoffOf(url.split('/')[2] ?? '')).end(),
  );
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
