import type { Command } from 'commander';
import { saysOf } from '../../../boot/machine/enrollment.ts';
import type { PendingMachine } from '../../../boot/machine/pending-machine.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function machinePending(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker machine pending'])).action(
    (options: BrokerOptions & { readonly json?: true }) =>
      printList<PendingMachine>(system, options, {
        path: 'machines/pending',
        query: {},
        titles: ['MAC', 'UUID', 'SERIAL', 'ARCH', 'ADDRESS', 'LAST SEEN', 'COUNT', 'ID', 'NOTE'],
        row: ({ mac, uuid, serial, arch, address, last_seen, count, id, ...more }) => [
          cell(mac),
          cell(uuid),
          cell(serial),
          cell(arch),
          address,
          last_seen,
          String(count),
          id,
          cell(noteOn(more)),
        ],
      }),
  );
}

/** What makes it doubtful who it is. */
function noteOn({ like = [], others = [] }: Pick<PendingMachine, 'like' | 'others'>): string {
  return [
    ...like.map(({ by, machine }) => `same ${by} as machine ${machine}`),
    ...others.map((one) => `${one.address} says ${saysOf(one)}`),
  ].join('; ');
}
