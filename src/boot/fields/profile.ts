import type { Fields } from './field.ts';

/** What an administrator says of a profile, and of the machine that is to boot it. */
export const profileFields = {
  name: {
    kind: 'text',
    flag: 'name',
    add: "name of the profile; each call makes a new revision of it; unset: the machine's name, else its id",
    search: 'only those of this name',
  },
  machine_id: { kind: 'text', flag: 'machine', value: 'id-or-mac', add: 'the machine that boots it' },
  kernel: { kind: 'text', flag: 'kernel', value: 'asset', add: "the kernel: NAME@VERSION or an asset's id" },
  initrds: {
    kind: 'list',
    flag: 'initrd',
    value: 'asset',
    add: 'an initrd; several times for several, in this order; boot.wim=NAME@VERSION loads it under that name',
  },
  cmdline: {
    kind: 'text',
    flag: 'cmdline',
    value: 'text',
    add: 'command line of the kernel; {{ labels.rack }} and the like are filled in',
  },
  efi: { kind: 'text', flag: 'efi', value: 'asset', add: 'an EFI program, instead of a kernel' },
  iso: { kind: 'text', flag: 'iso', value: 'asset', add: 'an ISO image, instead of a kernel' },
  rootfs: { kind: 'text', flag: 'rootfs', value: 'asset', add: 'the root file system that it fetches' },
  files: {
    kind: 'pairs',
    flag: 'file',
    value: 'name=asset',
    add: 'a file that it fetches, by the name that it has in URLs; several times for several',
  },
  disk: {
    kind: 'flag',
    flag: 'disk',
    add: 'nothing of the broker: the machine goes on to its own disk',
  },
  arch: {
    kind: 'text',
    flag: 'arch',
    add: "x86_64 (amd64, x64) or arm64 (aarch64); unset: the machine's, else x86_64",
  },
  metadata: {
    kind: 'pairs',
    flag: 'metadata',
    value: 'key=value',
    add: 'kept with the revision; several times for several',
  },
} as const satisfies Fields;
