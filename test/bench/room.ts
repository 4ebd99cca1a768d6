import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFirestore } from '../../src/records/firestore/firestore.ts';
import type { Records } from '../../src/records/records.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { googleCloud, type Settings } from '../google/cloud.ts';
import { machine, macOf } from '../records/examples.ts';
import { addProfile, askAdmin, expectStatus, push } from '../support/broker.ts';
import { measuredCore } from './cores.ts';
import { firestoreHost } from './emulator.ts';
import { type Metrics, metricsOf } from './metrics.ts';
import type { Workshop } from './workshop.ts';

/** A broker as people start it, on one core, and machines that it knows: all boot one kernel and one initrd, by a rule. */
export interface Room {
  readonly pid: number;
  /** Port of the boot plane. */
  readonly boot: number;
  /** Those that are there to boot. */
  readonly machines: readonly { readonly id: string; readonly mac: string }[];
  metrics(): Promise<Metrics>;
  stop(): Promise<void>;
}

export interface RoomOptions {
  readonly name: string;
  readonly machines: number;
  /** So many more are known, and never come. */
  readonly known?: number;
  /** Default: embedded. Firestore is Google's emulator, with all else of Google Cloud as the tests have it. */
  readonly stores?: 'embedded' | 'gcp';
  readonly settings?: Settings;
}

const token = 'the-token-of-the-benchmark';
const main = join(import.meta.dirname, '../../src/main.ts');
/** Bytes of each asset: small, for what is measured is who hands them out. */
const assetSize = 64 * 1024;
const machinesAtOnce = 400;

export async function openRoom(workshop: Workshop, options: RoomOptions): Promise<Room> {
  const { name, machines: size, known = 0, stores = 'embedded' } = options;
  const folder = join(workshop.folder, name);
  await mkdir(folder, { recursive: true });
  const google =
    stores === 'gcp' ? (await googleCloud(workshop, await firestoreHost())).settings('iam') : undefined;
  const log = join(folder, 'log');
  const settings = {
    BROKER_DATA_DIR: folder,
    BROKER_ADMIN_TOKEN: token,
    BROKER_LISTEN: '127.0.0.1:0',
    BROKER_ADMIN_LISTEN: '127.0.0.1:0',
    BROKER_STORAGE_LISTEN: '127.0.0.1:0',
    ...google,
    ...options.settings,
  };
  const child = spawn('taskset', ['--cpu-list', String(measuredCore), process.execPath, main], {
    cwd: folder,
    stdio: ['ignore', openSync(log, 'w'), 'inherit'],
    env: { PATH: process.env.PATH, HOME: folder, ...settings },
  });
  const { pid, stop } = workshop.running(child);
  const ports = await listening(log, () => child.exitCode ?? child.signalCode);
  await stock(ports.admin, settings.BROKER_ADMIN_TOKEN);
  const all = Array.from({ length: size + known }, (_, n) => machine({ macs: [macOf(n + 1)] }));
  const records = google
    ? openFirestore({
        project: google.BROKER_PROJECT ?? '',
        emulatorHost: await firestoreHost(),
        deadlines: { readMs: 60_000, writeMs: 60_000 },
      })
    : openSqlite(join(folder, 'records.db'));
  await register(records, all);
  return {
    pid,
    boot: ports.boot,
    machines: all.slice(0, size).map(({ id, macs: [mac = ''] }) => ({ id, mac })),
    metrics: () => metricsOf(ports.boot),
    stop,
  };
}

/** What every machine boots, by one rule. */
async function stock(port: number, token: string): Promise<void> {
  const broker = { admin: (target: string, json?: unknown) => askAdmin(port, token, target, json) };
  for (const kind of ['kernel', 'initrd'] as const)
    await push(broker, { kind, name: 'debian', bytes: Buffer.alloc(assetSize, kind) });
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.alloc(assetSize, 'efi') });
  await addProfile(broker, {
    name: 'debian',
    kernel: 'debian@1',
    initrds: ['debian@1'],
    cmdline: 'console=ttyS0 id={{ machine.id }}',
  });
  const everybody = { name: 'all', priority: 1, selector: { all: [] }, profile: 'debian' };
  expectStatus(await broker.admin('/api/v1/rules', everybody), 201);
}

/** As another process does it: by the thousand, the API would take longer than what is measured. */
async function register(records: Records, machines: readonly ReturnType<typeof machine>[]): Promise<void> {
  for (let n = 0; n < machines.length; n += machinesAtOnce) {
    const some = machines.slice(n, n + machinesAtOnce);
    const written = await records.write(some.map((to) => ({ kind: 'machine', id: to.id, expected: 0, to })));
    if (written !== 'written')
      throw new Error(`machines could not be registered: ${JSON.stringify(written)}`);
  }
  await records.close();
}

async function listening(log: string, end: () => number | NodeJS.Signals | null) {
  const ports: Record<string, number> = {};
  for (let tries = 0; tries < 600; tries += 1) {
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    for (const { listener, port } of lines) if (listener) ports[listener] = port;
    if (lines.some(({ message }) => message === 'ready')) return ports as { boot: number; admin: number };
    if (end() !== null) throw new Error(`the broker ended with ${end()}`);
    await sleep(100);
  }
  throw new Error('the broker was not ready within a minute');
}
