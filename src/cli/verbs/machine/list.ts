import type { Command } from 'commander';
import type { Machine } from '../../../boot/machine.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly mac?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly label?: string;
  readonly json?: true;
}

export function machineList(command: Command, outside: System): void {
  brokerOptions(
    example(command, ['bootbroker machine list --label rack=r1'])
      .option('--mac <mac>', 'only the one that holds this MAC')
      .option('--uuid <uuid>', 'only those with this SMBIOS UUID')
      .option('--serial <serial>', 'only those with this serial number')
      .option('--label <key=value>', 'only those with this label'),
  ).action(({ mac, uuid, serial, label, ...options }: Options) =>
    printList<Machine>(outside, options, {
      path: 'machines',
      query: { mac, uuid, serial, label },
      titles: ['NAME', 'MACS', 'LABELS', 'PROFILE REVISION', 'ID'],
      row: (machine) => [
        cell(machine.name),
        cell(machine.macs.join(',')),
        cell(
          Object.entries(machine.labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(','),
        ),
        cell(machine.active),
        machine.id,
      ],
    }),
  );
}
