import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { measuredCore, pin } from '../cores.ts';
import { answering, startRedirectingNginx } from '../nginx.ts';
import type { Workshop } from '../workshop.ts';
import type { Load } from './wrk.ts';

/** The length of a signed URL by HMAC. */
const location = `http://127.0.0.1:9000/boot-assets/${'x'.repeat(400)}`;
const script = `#!ipxe\n${'x'.repeat(600)}\n`;

const local = (entry: string) => join(import.meta.dirname, entry);

/** A server of node:http that answers everything with the same redirect. */
export const startBare = (workshop: Workshop) => workshop.fork(local('bare.ts'), { location });

/** What the broker is measured beside, each on the same core. */
export async function startPeers(workshop: Workshop): Promise<Readonly<Record<string, Load>>> {
  const bare = await startBare(workshop);
  const koa = await workshop.fork(local('koa.ts'), { location, script });
  const nginx = await startRedirectingNginx(workshop, location);
  for (const { pid } of [bare, koa, nginx]) pin(pid, measuredCore);
  const at = ({ pid, origin }: { readonly pid: number; readonly origin: string }, target: string) => ({
    pid,
    port: Number(new URL(origin).port),
    targets: [target],
  });
  return {
    'bare node:http': { ...at(bare, '/'), status: 302 },
    'koa, redirect': { ...at(koa, '/asset/r/kernel'), status: 302 },
    'koa, script': { ...at(koa, '/boot.ipxe'), status: 200 },
    nginx: { ...at(nginx, '/'), status: 302 },
    ...(await startMatchbox(workshop)),
  };
}

/**
 * Matchbox, where BENCH_MATCHBOX names its program. It reads its groups anew for each request: so once with one for all, which is
 * the best that it can do, and once with a group for each of a hundred machines.
 */
async function startMatchbox(workshop: Workshop): Promise<Readonly<Record<string, Load>>> {
  const program = process.env.BENCH_MATCHBOX;
  if (!program) return {};
  const mac = (n: number) => `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`;
  const forAll = { id: 'default', name: 'default', profile: 'debian', selector: {} };
  const forEach = Array.from({ length: 100 }, (_, n) => ({
    id: `machine-${n}`,
    name: `machine ${n}`,
    profile: 'debian',
    selector: { mac: mac(n) },
  }));
  return {
    matchbox: await startOneMatchbox(workshop, program, [forAll], '/ipxe?mac=52-54-00-00-00-01'),
    'matchbox, 100 groups': await startOneMatchbox(workshop, program, forEach, `/ipxe?mac=${mac(50)}`),
  };
}

async function startOneMatchbox(
  workshop: Workshop,
  program: string,
  groups: readonly { readonly id: string }[],
  target: string,
): Promise<Load> {
  const folder = join(workshop.folder, `matchbox-${groups.length}`);
  const write = (path: string, value: object) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(value));
  };
  for (const group of groups) write(`groups/${group.id}.json`, group);
  const boot = { kernel: '/assets/vmlinuz', initrd: ['/assets/initrd'], args: ['console=ttyS0'] };
  write('profiles/debian.json', { id: 'debian', name: 'Debian', boot });
  const port = await freePort();
  const flags = [
    '-address',
    `127.0.0.1:${port}`,
    '-data-path',
    folder,
    '-assets-path',
    '',
    '-log-level',
    'error',
  ];
  const { pid } = workshop.spawn('taskset', ['--cpu-list', String(measuredCore), program, ...flags], {
    GOMAXPROCS: '1',
  });
  await answering(port);
  return { pid, port, targets: [target], status: 200 };
}
