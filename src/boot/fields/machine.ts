import { diskWays } from '../machine/disk.ts';
import type { Fields } from './field.ts';

/** What an administrator says of a machine. */
export const machineFields = {
  macs: {
    kind: 'list',
    flag: 'mac',
    add: 'a MAC address that it boots from; several times for several',
    set: 'the MAC addresses that it has from now on, one each',
    search: 'only the one that holds this MAC',
  },
  name: { kind: 'text', flag: 'name', add: 'what you call it', removable: true },
  uuid: {
    kind: 'text',
    flag: 'uuid',
    add: 'its SMBIOS system UUID',
    removable: true,
    search: 'only those with this SMBIOS UUID',
  },
  serial: {
    kind: 'text',
    flag: 'serial',
    add: 'its serial number',
    removable: true,
    search: 'only those with this serial number',
  },
  labels: {
    kind: 'pairs',
    flag: 'label',
    value: 'key=value',
    add: 'a label; several times for several',
    set: 'a label to add or change',
    search: 'only those with this label',
  },
  networks: {
    kind: 'list',
    flag: 'network',
    value: 'cidr',
    add: 'a network that it boots from; unset: any that may boot',
    set: 'the networks that it boots from, from now on, one each',
    removable: true,
  },
  disk_boot: {
    kind: 'text',
    flag: 'disk-boot',
    value: 'way',
    choices: diskWays,
    add: 'how it goes on to its disk where that is what it boots; unset: as suits its firmware',
    removable: true,
  },
  hardware: {
    kind: 'json',
    flag: 'hardware',
    value: 'file',
    add: 'a JSON file with its manufacturer, product, cpus, memory, nics, drives, accelerators',
    removable: true,
  },
  client: {
    kind: 'json',
    flag: 'client',
    value: 'file',
    add: 'a JSON file with what its clients can do, by client',
    removable: true,
  },
} as const satisfies Fields;
