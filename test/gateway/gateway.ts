import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { placesUnder } from '../../gateway/places.ts';
import { installed } from '../../gateway/services.ts';
import { readSettings } from '../../gateway/settings.ts';
import { temporaryFolder } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { type Answered, type Asking, ask, until } from '../support/http.ts';

/** A key as X-Boot-Edge has it, and as its file does. */
export const cloudKey = Buffer.from(Array.from({ length: 32 }, (_, n) => n + 32));

/** A public key of nobody: 32 bytes, as `wg pubkey` prints them. */
export const someKey = (n: number) => Buffer.alloc(32, n).toString('base64');

/** The real nginx with the rendered configuration, on loopback. */
export interface Gateway {
  readonly port: number;
  readonly metricsPort: number;
  readonly folder: string;
  readonly ask: (target: string, asking?: Asking) => Promise<Answered>;
  /** The access log so far, a line a request. */
  readonly accessLog: () => Record<string, unknown>[];
  /** What it has said of itself, and should not have said of a request. */
  readonly errorLog: () => string;
  /** All that it has logged. */
  readonly logged: () => string;
  /** Tells nginx's master. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Where `run` files are: the token, the canaries. */
  readonly run: string;
}

/** Starts a gateway for one test. Its machines are those of 127.10.0.0/24. */
export async function gatewayFor(
  t: ExecutionContext,
  upstreams: { readonly broker: string; readonly storage: string },
  more: Readonly<Record<string, unknown>> = {},
): Promise<Gateway> {
  const folder = await temporaryFolder(t);
  const [port, metricsPort] = [await freePort(), await freePort()];
  const keyFile = join(folder, 'edge.key');
  writeFileSync(keyFile, `cloud:${cloudKey.toString('base64url')}\n`);
  const user = userInfo().username;
  const read = readSettings({
    role: 'cloud',
    listen: '127.0.0.1',
    port,
    metrics_port: metricsPort,
    key: { file: keyFile },
    broker: { origin: upstreams.broker },
    storage: { origin: upstreams.storage },
    user,
    tunnel: tunnelOf([{ redirects: 'always' }]),
    ...more,
  });
  if ('mistakes' in read) throw new Error(read.mistakes.join('\n'));
  const places = placesUnder(folder);
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  for (const name of ['canary', 'edge']) mkdirSync(join(places.run, name));
  for (const [path, text] of installed(read.settings, places)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const config = join(places.etc, 'nginx.conf');
  const nginx = spawn('nginx', ['-e', 'stderr', '-c', config, '-g', `daemon off; user ${user};`], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  nginx.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const ended = once(nginx, 'close');
  t.teardown(async () => {
    nginx.kill('SIGTERM');
    await ended;
  });
  await Promise.race([
    until(() => listening(port)),
    ended.then(() => Promise.reject(new Error(`nginx ended: ${complaints}`))),
  ]);
  const log = (name: string) => readFileSync(join(places.log, name), 'utf8');
  return {
    port,
    metricsPort,
    folder,
    run: places.run,
    ask: (target, asking) => ask(port, target, { from: '127.10.0.2', ...asking }),
    accessLog: () =>
      log('access.log')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    errorLog: () => complaints + log('error.log'),
    logged: () => complaints + log('error.log') + log('access.log'),
    signal: (signal) => void nginx.kill(signal),
  };
}

/** A tunnel with these peers; what is not said of one is made up. */
export function tunnelOf(peers: readonly Readonly<Record<string, unknown>>[]) {
  return {
    address: '10.10.0.1',
    key: { file: '/etc/bootbroker/wireguard.key' },
    peers: peers.map((peer, n) => ({
      name: `site-${n}`,
      public_key: someKey(n + 1),
      addresses: [`127.10.${n}.0/24`],
      ...(!('addresses' in peer) && { canary_host: `127.10.${n}.2` }),
      ...peer,
    })),
  };
}

async function listening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return open;
}
