import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { nginxFiles } from '../../gateway/nginx.ts';
import { placesUnder } from '../../gateway/places.ts';
import { tunnelOf } from '../gateway/gateway.ts';
import { accepted, install } from '../gateway/rig.ts';
import { freePort } from '../support/free-port.ts';
import { answering } from './nginx.ts';
import type { Server, Workshop } from './workshop.ts';

export interface GatewayOptions {
  readonly name: string;
  /** Origins. */
  readonly broker: string;
  readonly storage: string;
  /** Of the edge, which calls itself `bench`. */
  readonly secret: Buffer;
  readonly cache: false | object;
}

export interface Gateway extends Server {
  /** Folder of what it keeps. */
  readonly cache: string;
}

/** Starts `gateway/` as it is rendered for use, as one process; one address may ask as much as hundreds do in the benchmark. */
export async function startGateway(workshop: Workshop, options: GatewayOptions): Promise<Gateway> {
  const { name, broker, storage, secret, cache } = options;
  const folder = join(workshop.folder, name);
  mkdirSync(folder);
  const port = await freePort();
  const places = placesUnder(folder);
  const key = join(folder, 'edge.key');
  writeFileSync(key, `bench:${secret.toString('base64url')}`);
  const settings = accepted({
    role: 'cloud',
    tunnel: tunnelOf([{ redirects: 'never' }]),
    cache,
    limits: { requests_per_second: 10_000, connections: 1024 },
    listen: '127.0.0.1',
    port,
    metrics_port: await freePort(),
    key: { file: key },
    user: userInfo().username,
    broker: { origin: broker },
    storage: { origin: storage },
  });
  install(places, nginxFiles(settings, places));
  const conf = join(places.etc, 'nginx.conf');
  const inOne = ['-e', 'stderr', '-c', conf, '-g', 'daemon off; master_process off;'];
  const running = workshop.spawn('nginx', inOne);
  await answering(port);
  return { ...running, origin: `http://127.0.0.1:${port}`, cache: places.cache };
}
