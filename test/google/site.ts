import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Machine } from '../../src/boot/machine/machine.ts';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import { bytes } from '../localgcs/support.ts';
import { type Admin, addMachine, addProfile, askAdmin, push } from '../support/broker.ts';
import { type Child, startChild } from '../support/child.ts';
import type { Owner } from '../support/owner.ts';
import type { Settings } from './cloud.ts';

const cli = join(import.meta.dirname, '../../src/cli.ts');

export const mac = '52:54:00:00:00:01';
/** Its loader, and where that finds a machine's script. */
export const ipxe = { userAgent: 'iPXE/2.0.0' };
export const scriptOf = (mac: string) => `/boot.ipxe?mac=${mac.replaceAll(':', '-')}`;
/** What the site boots. */
export const files = { efi: bytes(60_000, 1), kernel: bytes(2_000_000, 2), initrd: bytes(500_000, 3) };

/** A broker as a process of its own, and its command line. */
export interface Site extends Admin {
  readonly broker: Child;
  /** Port of the boot plane. */
  readonly boot: number;
  /** Runs a `bootbroker` command with --json; rejects with what it complained about. */
  readonly command: <Result>(...words: string[]) => Promise<Result>;
}

export async function openSite(t: Owner, settings: Settings): Promise<Site> {
  const broker = await startChild(t, { env: settings });
  const { boot, admin } = await broker.ready;
  const { BROKER_ADMIN_TOKEN = '' } = settings;
  const env = {
    PATH: process.env.PATH,
    HOME: broker.folder,
    BROKER_URL: `http://127.0.0.1:${admin}`,
    BROKER_ADMIN_TOKEN,
  };
  return {
    broker,
    boot,
    admin: (target, json, asking) => askAdmin(admin, BROKER_ADMIN_TOKEN, target, json, asking),
    async command(...words) {
      const run = promisify(execFile)(process.execPath, [cli, ...words, '--json'], {
        cwd: broker.folder,
        env,
      });
      return JSON.parse((await run).stdout);
    },
  };
}

/** Pushes everything, registers the machine and gives it a profile, as programs do: by the API. */
export async function stockByApi(site: Site) {
  for (const [kind, bytes] of Object.entries(files))
    await push(site, { kind: kind as keyof typeof files, name: kind === 'efi' ? 'ipxe' : 'debian', bytes });
  const machine = await addMachine(site, { macs: [mac] });
  const parts = { kernel: 'debian@1', initrds: ['debian@1'] };
  const revision = await addProfile(site, { name: 'p', machine_id: machine.id, ...parts });
  return { machine, revision };
}

/** The same as an admin does it, by the command line. */
export async function stock({ broker, command }: Site) {
  for (const [kind, content] of Object.entries(files)) {
    const name = kind === 'efi' ? 'ipxe' : 'debian';
    await writeFile(join(broker.folder, kind), content);
    await command('asset', 'push', kind, '--kind', kind, '--name', name, '--version', '1');
  }
  const machine = await command<Machine>('machine', 'add', '--mac', mac);
  const assets = ['--kernel', 'debian@1', '--initrd', 'debian@1', '--cmdline', 'console=ttyS0'];
  const revision = await command<ProfileRevision>(
    'profile',
    'create',
    '--name',
    'p',
    '--machine',
    mac,
    ...assets,
  );
  return { machine, revision };
}
