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

/** What the broker is measured beside, each on the same core. */
export async function startPeers(workshop: Workshop): Promise<Readonly<Record<string, Load>>> {
  const bare = await workshop.fork(local('bare.ts'), { location });
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

/** Matchbox, where BENCH_MATCHBOX names its program: one group and one profile for all, read anew for each request, as it does. */
async function startMatchbox(workshop: Workshop): Promise<Readonly<Record<string, Load>>> {
  const program = process.env.BENCH_MATCHBOX;
  if (!program) return {};
  const folder = join(workshop.folder, 'matchbox');
  const write = (path: string, value: object) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(value));
  };
  write('groups/default.json', { id: 'default', name: 'default', profile: 'debian', selector: {} });
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
  return { matchbox: { pid, port, targets: ['/ipxe?mac=52-54-00-00-00-01'], status: 200 } };
}

const local = (entry: string) => join(import.meta.dirname, entry);
