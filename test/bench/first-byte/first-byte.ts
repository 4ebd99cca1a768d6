import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { ask as askOnce } from '../../support/http.ts';
import { firmware } from '../fetch.ts';
import { startGateway } from '../gateway.ts';
import { startNginx } from '../nginx.ts';
import { startBare } from '../rates/peers.ts';
import { openRoom } from '../room.ts';
import { quantile, round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { type Asked, firstByte } from './ask.ts';

const ipxe = 'iPXE/2.0.0';

/**
 * Milliseconds from opening a connection to the first byte, by each plan, at no distance and at one of 50 ms there and back: of a body,
 * and of a redirect the end of its head. Each on a connection of its own; the storage and the gateway are as far away as the broker.
 */
export async function measureFirstByte(workshop: Workshop, requests: number) {
  const tables: Record<string, object> = {};
  for (const roundTripMs of [0, 50]) {
    const few = roundTripMs === 0 ? requests : Math.ceil(requests / 10);
    tables[`first_byte_ms_at_${roundTripMs}`] = await atDistance(workshop, roundTripMs, few);
  }
  return tables;
}

async function atDistance(workshop: Workshop, roundTripMs: number, requests: number) {
  const away = async (port: number) =>
    roundTripMs === 0
      ? `http://127.0.0.1:${port}`
      : (await workshop.fork(join(import.meta.dirname, 'relay.ts'), { port, roundTripMs })).origin;
  const storagePort = await freePort();
  const storage = await away(storagePort);
  const plain = await openRoom(workshop, {
    name: `near-${roundTripMs}`,
    machines: 1,
    settings: {
      BROKER_STORAGE_LISTEN: `127.0.0.1:${storagePort}`,
      BROKER_STORAGE_PUBLIC_URL: storage,
    },
  });
  const behind = await openBehindGateway(workshop, roundTripMs);
  const [booting] = plain.machines;
  if (!booting) throw new Error('nobody boots');
  const script = `/boot.ipxe?mac=${booting.mac}&arch=x86_64&platform=efi&version=2.0.0`;
  const { text } = await askOnce(plain.boot, script, { userAgent: ipxe });
  const kernel = kernelIn(text);
  const { headers } = await askOnce(plain.boot, kernel, { userAgent: ipxe });
  const signed = new URL(String(headers.location));
  const nginx = await startNginx(workshop, `http://127.0.0.1:${storagePort}`, '64k', signed.host);
  const bare = await startBare(workshop);
  const portOf = ({ origin }: { readonly origin: string }) => Number(new URL(origin).port);

  const broker = await away(plain.boot);
  const nginxAway = await away(portOf(nginx));
  const lanes: Readonly<Record<string, Asked>> = {
    'bare node:http, redirect': { url: await away(portOf(bare)), userAgent: ipxe, status: 302 },
    'nginx 64k, the same object': {
      url: `${nginxAway}${signed.pathname}${signed.search}`,
      userAgent: firmware,
      status: 200,
    },
    'the storage itself': { url: signed.href, userAgent: firmware, status: 200 },
    script: { url: broker + script, userAgent: ipxe, status: 200 },
    stream: { url: broker + kernel, userAgent: firmware, status: 200 },
    redirect: { url: broker + kernel, userAgent: ipxe, status: 302 },
    'redirect, followed': { url: broker + kernel, userAgent: ipxe, status: 302, follow: true },
    handoff: {
      url: `${await away(portOf(behind.gateway))}${behind.kernel}`,
      userAgent: firmware,
      status: 200,
    },
  };
  const times: Record<string, number[]> = {};
  for (let n = -20; n < requests; n += 1)
    for (const [name, asked] of Object.entries(lanes)) {
      const took = await firstByte(asked);
      if (n >= 0) times[name] = [...(times[name] ?? []), took];
    }
  for (const server of [plain, behind, nginx, bare]) await server.stop();
  return Object.fromEntries(
    Object.entries(times).map(([name, took]) => [name, row(took, times, roundTripMs)]),
  );
}

function row(took: readonly number[], times: Readonly<Record<string, number[]>>, roundTripMs: number) {
  const p50 = quantile(took, 0.5);
  const to = (other: string) => round(p50 / quantile(times[other] ?? [], 0.5), 2);
  return {
    p50: round(p50, 2),
    p99: round(quantile(took, 0.99), 2),
    to_bare: to('bare node:http, redirect'),
    to_nginx: to('nginx 64k, the same object'),
    ...(roundTripMs > 0 && { round_trips: round(p50 / roundTripMs, 1) }),
  };
}

/** A broker that believes an edge, and the edge, which follows for its machines. */
async function openBehindGateway(workshop: Workshop, roundTripMs: number) {
  const secret = randomBytes(32);
  const keys = [
    {
      kid: 'bench',
      key: secret.toString('base64url'),
      networks: ['127.0.0.0/8', '10.0.0.0/8'],
      capabilities: ['follow'],
    },
  ];
  const storagePort = await freePort();
  const room = await openRoom(workshop, {
    name: `behind-${roundTripMs}`,
    machines: 1,
    settings: {
      BROKER_STORAGE_LISTEN: `127.0.0.1:${storagePort}`,
      BROKER_EDGE_KEYS: JSON.stringify(keys),
    },
  });
  const gateway = await startGateway(workshop, {
    name: `gateway-${roundTripMs}`,
    broker: `http://127.0.0.1:${room.boot}`,
    storage: `http://127.0.0.1:${storagePort}`,
    secret,
    cache: false,
  });
  const script = `/boot.ipxe?mac=${room.machines[0]?.mac}&arch=x86_64&platform=efi&version=2.0.0`;
  const { text } = await askOnce(Number(new URL(gateway.origin).port), script, { userAgent: ipxe });
  return {
    gateway,
    kernel: kernelIn(text),
    async stop() {
      await gateway.stop();
      await room.stop();
    },
  };
}

function kernelIn(script: string): string {
  const [, kernel] = /^kernel --name \S+ (\S+)/m.exec(script) ?? [];
  if (!kernel) throw new Error(`a script names no kernel: ${script}`);
  return kernel;
}
