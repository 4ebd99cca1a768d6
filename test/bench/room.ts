import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { machine, macOf } from '../records/examples.ts';
import { addProfile, askAdmin, expectStatus, push } from '../support/broker.ts';
import { measuredCore } from './cores.ts';
import type { Workshop } from './workshop.ts';

/** A broker as people start it, on one core, and machines that it knows: all boot one kernel and one initrd, by a rule. */
export interface Room {
  readonly pid: number;
  readonly boot: number;
  /** The profile's revision. */
  readonly revision: string;
  readonly machines: readonly { readonly id: string; readonly mac: string }[];
  /** Sum of a metric over all of its series that have these labels; of a histogram, its `_sum` and `_count` are metrics. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  stop(): Promise<void>;
}

const token = 'the-token-of-the-benchmark';
const main = join(import.meta.dirname, '../../src/main.ts');
/** Bytes of each asset: small, for what is measured is who hands them out. */
const assetSize = 64 * 1024;
const machinesAtOnce = 500;

export async function openRoom(workshop: Workshop, name: string, size: number): Promise<Room> {
  const folder = join(workshop.folder, name);
  await mkdir(folder, { recursive: true });
  const log = join(folder, 'log');
  const child = spawn('taskset', ['--cpu-list', String(measuredCore), process.execPath, main], {
    cwd: folder,
    stdio: ['ignore', openSync(log, 'w'), 'inherit'],
    env: {
      PATH: process.env.PATH,
      BROKER_DATA_DIR: folder,
      BROKER_ADMIN_TOKEN: token,
      BROKER_LISTEN: '127.0.0.1:0',
      BROKER_ADMIN_LISTEN: '127.0.0.1:0',
      BROKER_STORAGE_LISTEN: '127.0.0.1:0',
    },
  });
  const { pid, stop } = workshop.running(child);
  const ports = await listening(log, () => child.exitCode);
  const broker = {
    admin: (target: string, json?: unknown) => askAdmin(ports.admin, token, target, json),
  };
  for (const kind of ['kernel', 'initrd'] as const)
    await push(broker, { kind, name: 'debian', bytes: Buffer.alloc(assetSize, kind) });
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.alloc(assetSize, 'efi') });
  const { id: revision } = await addProfile(broker, {
    name: 'debian',
    kernel: 'debian@1',
    initrds: ['debian@1'],
    cmdline: 'console=ttyS0 id={{ machine.id }}',
  });
  const everybody = { name: 'all', priority: 1, selector: { all: [] }, profile: 'debian' };
  expectStatus(await broker.admin('/api/v1/rules', everybody), 201);
  const machines = await register(join(folder, 'records.db'), size);
  return {
    pid,
    boot: ports.boot,
    revision,
    machines,
    metric: (metric, labels = {}) => metricOf(ports.boot, metric, labels),
    stop,
  };
}

/** As another process does it: by the thousand, the API would take longer than what is measured. */
async function register(file: string, size: number): Promise<Room['machines']> {
  const all = Array.from({ length: size }, (_, n) => machine({ macs: [macOf(n + 1)] }));
  const records = openSqlite(file);
  for (let n = 0; n < size; n += machinesAtOnce) {
    const some = all.slice(n, n + machinesAtOnce);
    const written = await records.write(some.map((to) => ({ kind: 'machine', id: to.id, expected: 0, to })));
    if (written !== 'written')
      throw new Error(`machines could not be registered: ${JSON.stringify(written)}`);
  }
  await records.close();
  return all.map(({ id, macs: [mac = ''] }) => ({ id, mac }));
}

async function listening(log: string, exitCode: () => number | null) {
  const ports: Record<string, number> = {};
  for (let tries = 0; tries < 600; tries += 1) {
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    for (const { listener, port } of lines) if (listener) ports[listener] = port;
    if (lines.some(({ message }) => message === 'ready')) return ports as { boot: number; admin: number };
    if (exitCode() !== null) throw new Error(`the broker ended with ${exitCode()}`);
    await sleep(100);
  }
  throw new Error('the broker was not ready within a minute');
}

async function metricOf(
  port: number,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
