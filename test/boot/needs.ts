import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Need } from '../support/needs.ts';
import { firstStage } from './lab.ts';
import { firmware } from './machine.ts';

/** The Debian packages that bring what {@link labNeeds} asks for. */
export const labPackages = 'qemu-system-x86 ovmf ipxe dnsmasq-base iproute2 busybox-static cpio tcpdump';

// Not those of test/support: they load ava, which runs nowhere but in its own processes, and the demo is none.
const need = (name: string, there: () => boolean): Need => ({ missing: () => (there() ? undefined : name) });
const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
const program = (name: string) =>
  need(`the command ${name}`, () => path.some((folder) => existsSync(join(folder, name))));
const file = (name: string) => need(name, () => existsSync(name));

/** What a machine room, and the machines in it, need. */
export const labNeeds: readonly Need[] = [
  need('root', () => process.getuid?.() === 0),
  ...['apt-get', 'dpkg', 'unshare', 'nsenter', 'setpriv', 'ip', 'dnsmasq', 'tcpdump', 'cpio'].map(program),
  program('qemu-system-x86_64'),
  ...[firmware.code, firmware.variables, firstStage, '/dev/net/tun'].map(file),
  // One that asks for a C library cannot start in the initrd.
  need(
    'a static /bin/busybox',
    () => existsSync('/bin/busybox') && !readFileSync('/bin/busybox').includes('/lib64/ld-linux'),
  ),
];
