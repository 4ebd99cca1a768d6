import type { Command } from 'commander';
import { machineFields } from '../../../boot/fields/machine.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import { queryOf, type Said, searchOptions } from '../../verb/field-options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function machineList(command: Command, system: System): void {
  brokerOptions(
    searchOptions(example(command, ['bootbroker machine list --label rack=r1']), machineFields),
  ).action((options: Options & Said) =>
    printList<Machine>(system, options, {
      path: 'machines',
      query: queryOf(machineFields, options),
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
