import type { Command } from 'commander';
import type { Machine } from '../boot/machine.ts';
import { type BrokerOptions, brokerOptions } from './broker.ts';
import { cell, printList } from './listing.ts';
import type { Outside } from './outside.ts';
import { verb } from './verb.ts';

interface Options extends BrokerOptions {
  readonly mac?: string;
  readonly json?: true;
}

export function machineList(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'list', 'List the machines.', ['bootbroker machine list --mac 52:54:00:12:34:56']).option(
      '--mac <mac>',
      'only the one that holds this MAC',
    ),
  ).action(({ mac, ...options }: Options) =>
    printList<Machine>(outside, options, {
      path: 'machines',
      query: { mac },
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
