import { join } from 'node:path';
import type { Make } from '../../src/boot/machine/make.ts';
import { startEmulator } from '../support/firestore-emulator.ts';
import { type Broker, startBroker } from './broker.ts';
import { serveDhcp } from './dhcp.ts';
import { packInitrd } from './initrd.ts';
import { fetchKernel, type Kernel } from './kernel.ts';
import { installed, type Loaders } from './loaders.ts';
import { brokerAddress, openRoom, type Room } from './room.ts';

const warm = join(import.meta.dirname, '../support/warm-firestore.ts');

export type RecordsDriver = 'sqlite' | 'firestore';

/** A room with DHCP, a broker that still knows nothing, and a Linux for it to boot. */
export interface Lab {
  readonly room: Room;
  readonly broker: Broker;
  readonly loaders: Loaders;
  readonly kernel: Kernel;
  /** The path of the initrd. */
  readonly initrd: string;
}

/** Opens a lab; close its room in the end. */
export async function openLab(loaders = installed, records: RecordsDriver = 'sqlite'): Promise<Lab> {
  const room = await openRoom();
  try {
    serveDhcp(room);
    const kernel = await fetchKernel(`${room.folder}/kernel`);
    const initrd = packInitrd(kernel, room.folder);
    const settings = records === 'firestore' ? await openFirestore(room) : {};
    return { room, broker: await startBroker(room, settings), loaders, kernel, initrd };
  } catch (error) {
    await room.close();
    throw error;
  }
}

/** Starts Google's emulator in the room, on a port of its own there. Returns the settings of a broker that uses it. */
async function openFirestore(room: Room): Promise<Readonly<Record<string, string>>> {
  const { host } = await startEmulator(8086, (program, args) => room.start(program, args));
  await room.run(process.execPath, [warm, host]);
  return {
    BROKER_RECORDS: 'firestore',
    BROKER_PROJECT: 'lab',
    BROKER_ADMIN_TOKEN: 'admin-token-of-the-lab',
    FIRESTORE_EMULATOR_HOST: host,
  };
}

/** Gives the broker what it boots. */
export async function stock({ broker, loaders, kernel, initrd }: Lab): Promise<void> {
  const push = (path: string, kind: string, name: string, version: string) =>
    broker.command('asset', 'push', path, '--kind', kind, '--name', name, '--version', version);
  await push(loaders.firstStage, 'efi', 'ipxe', '1');
  await push(kernel.image, 'kernel', 'debian', versionOf(kernel));
  await push(initrd, 'initrd', 'lab', '1');
}

/** Who boots, with which words on its command line; one with a make by a rule over that, all others by a profile of their own. */
export interface Player {
  readonly mac: string;
  readonly words: string;
  readonly make?: Required<Make>;
  readonly serial?: string;
}

/** Registers a machine and says what it boots. Resolves to the machine's id. */
export async function register({ broker, kernel }: Lab, { mac, words, make }: Player): Promise<string> {
  const { id } = await broker.command<{ id: string }>('machine', 'add', '--mac', mac);
  const cmdline = `console=ttyS0 broker.url=http://${brokerAddress}:8080 ${words}`;
  const assets = ['--kernel', `debian@${versionOf(kernel)}`, '--initrd', 'lab@1'];
  const name = `lab-${mac.replaceAll(':', '-')}`;
  const own = make ? [] : ['--machine', id];
  await broker.command('profile', 'create', '--name', name, ...own, ...assets, '--cmdline', cmdline);
  if (make) {
    const { manufacturer, product } = make;
    const which = ['--manufacturer', manufacturer, '--product', product.toLowerCase()];
    await broker.command('rule', 'add', '--name', name, '--profile', name, '--priority', '1', ...which);
  }
  return id;
}

/** The kernel's release as a name that the broker takes. */
function versionOf({ release }: Kernel): string {
  return release.replaceAll('+', '.');
}
