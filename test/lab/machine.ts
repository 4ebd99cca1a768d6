import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Make } from '../../src/boot/machine/make.ts';
import { scaled } from '../support/patience.ts';
import { installed, type Loaders } from './loaders.ts';
import type { Room } from './room.ts';

/** What a machine says of itself in its SMBIOS tables and on its network card. */
export interface Hardware {
  readonly mac: string;
  readonly uuid?: string;
  /** Its bytes, one a character (ISO 8859-1): boards have some that are no UTF-8. */
  readonly serial?: string;
  readonly make?: Make;
}

export interface Machine {
  readonly mac: string;
  /** The file that keeps what the serial console says. */
  readonly serialLog: string;
  /** All that the serial console has said. */
  said(): string;
  /** Hears the serial console from now on. */
  hear(listener: (text: string) => void): void;
  /** Resolves once the serial console has said it; rejects with its last lines when the machine is off or time is up (`seconds` of an idle host). */
  says(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>;
  /** Resolves when the machine has powered off, by itself or not. */
  readonly off: Promise<void>;
  powerOff(): Promise<void>;
}

/**
 * Powers on a machine with UEFI firmware, whose network card is plugged into the room's switch and whose first boot
 * option is HTTP. Emulated in software: that is slow, but the same on every host.
 */
export async function powerOn(
  room: Room,
  hardware: Hardware,
  loaders: Loaders = installed,
): Promise<Machine> {
  const tap = `tap${hardware.mac.replaceAll(':', '').slice(-6)}`;
  await room.run('ip', ['tuntap', 'add', tap, 'mode', 'tap']);
  await room.run('ip', ['link', 'set', tap, 'master', 'br0', 'up']);
  const variables = join(room.folder, `${tap}.variables`);
  await copyFile(loaders.variables, variables);

  const qemu = room.start('sh', [
    '-c',
    withSerial(hardware),
    ...options(hardware, tap, loaders.code, variables),
  ]);
  const serialLog = join(room.folder, `${tap}.serial`);
  const file = createWriteStream(serialLog);
  const off = once(qemu, 'close').then(() => void file.end());
  const listeners = new Set<(text: string) => void>();
  let said = '';
  const onText = (text: string) => {
    said += text;
    file.write(text);
    for (const listener of listeners) listener(text);
  };
  qemu.stdout.setEncoding('utf8').on('data', onText);
  qemu.stderr.setEncoding('utf8').on('data', onText);

  return {
    mac: hardware.mac,
    serialLog,
    off,
    said: () => said,
    hear: (listener) => void listeners.add(listener),
    async says(pattern, seconds = 300) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
      const look = () => {
        const match = pattern.exec(said);
        if (match) resolve(match);
        return match;
      };
      const fail = (why: string) => {
        const tail = stripVTControlCharacters(said).trimEnd().split('\n').slice(-30).join('\n');
        reject(
          new Error(`machine ${hardware.mac} ${why} and did not say ${pattern}. Its last lines:\n${tail}`),
        );
      };
      listeners.add(look);
      const limitMs = scaled(seconds * 1000);
      const timer = setTimeout(() => fail(`had ${Math.round(limitMs / 1000)} s`), limitMs);
      void off.then(() => look() ?? fail('went off'));
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(look);
      });
    },
    async powerOff() {
      qemu.kill();
      await off;
    },
  };
}

/** Node passes arguments as UTF-8, and a shell as they are. */
function withSerial({ serial = '' }: Hardware): string {
  const bytes = [...Buffer.from(serial, 'latin1')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  const also = serial && ` -smbios "type=1,serial=$(printf '${bytes.join('')}')"`;
  return `exec qemu-system-x86_64 "$@"${also}`;
}

function options(hardware: Hardware, tap: string, code: string, variables: string): string[] {
  const smbios = [
    'type=1',
    ...(hardware.uuid ? [`uuid=${hardware.uuid}`] : []),
    ...Object.entries(hardware.make ?? {}).map(([name, text]) => `${name}=${text}`),
  ];
  return [
    'sh', // what a shell calls itself in its messages
    ...['-machine', 'q35,accel=tcg', '-m', '1024', '-nodefaults', '-no-reboot', '-display', 'none'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,format=raw,file=${variables}`],
    ...['-smbios', smbios.join(',')],
    // Without these two knobs OVMF tries PXE first, for a minute.
    ...['-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=no'],
    ...['-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=no'],
    // OVMF from 2025.02 on has no network boot without a source of randomness.
    ...['-device', 'virtio-rng-pci'],
    ...['-netdev', `tap,id=cable,ifname=${tap},script=no,downscript=no`],
    // An empty romfile keeps QEMU's own iPXE out of the firmware.
    ...['-device', `virtio-net-pci,netdev=cable,mac=${hardware.mac},romfile=`],
  ];
}
