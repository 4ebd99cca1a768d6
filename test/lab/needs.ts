import { existsSync, readFileSync } from 'node:fs';
import { command, file, type Need, root } from '../support/need.ts';
import { installed } from './loaders.ts';

/** The Debian packages that bring what {@link labNeeds} asks for. */
export const labPackages = 'qemu-system-x86 ovmf ipxe dnsmasq-base iproute2 busybox-static cpio tcpdump';

/** What a machine room, and the machines in it, need. */
export const labNeeds: readonly Need[] = [
  root,
  ...['apt-get', 'dpkg', 'unshare', 'nsenter', 'setpriv', 'ip', 'dnsmasq', 'tcpdump', 'cpio'].map(command),
  command('qemu-system-x86_64'),
  ...[installed.code, installed.variables, installed.firstStage, '/dev/net/tun'].map(file),
  // One that asks for a C library cannot start in the initrd.
  {
    missing: () =>
      existsSync('/bin/busybox') && !readFileSync('/bin/busybox').includes('/lib64/ld-linux')
        ? undefined
        : 'a static /bin/busybox',
  },
];
