import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Gateway, startGateway } from '../gateway.ts';
import type { Workshop } from '../workshop.ts';

/** The gateway with and without its cache, before a broker that hands off all that it is asked for. */
export interface Gateways {
  readonly passing: Gateway;
  readonly keeping: Gateway;
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
  const common = { broker: broker.origin, storage, secret: randomBytes(32) };
  const keeping = await startGateway(workshop, { ...common, name: 'keeping', cache: { slice: '4m' } });
  const passing = await startGateway(workshop, { ...common, name: 'passing', cache: false });
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
