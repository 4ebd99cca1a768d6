import type { Command } from 'commander';
import type { PendingMachine } from '../../../boot/pending-machine.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

export function machinePending(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'pending', 'List machines that asked to boot and that nobody has registered.', [
      'bootbroker machine pending',
    ]),
  ).action((options: BrokerOptions & { readonly json?: true }) =>
    printList<PendingMachine>(outside, options, {
      path: 'machines/pending',
      query: {},
      titles: ['MAC', 'UUID', 'SERIAL', 'ARCH', 'ADDRESS', 'LAST SEEN', 'COUNT', 'ID'],
      row: ({ mac, uuid, serial, arch, address, last_seen, count, id }) => [
        cell(mac),
        cell(uuid),
        cell(serial),
        cell(arch),
        address,
        last_seen,
        String(count),
        id,
      ],
    }),
  );
}
