import type { Command } from 'commander';
import type { BootEvent } from '../../boot/boot-event.ts';
import { type BrokerOptions, broker, brokerOptions } from '../broker/broker.ts';
import { machineId } from '../broker/named.ts';
import { cell, printList } from '../output/listing.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly machine?: string;
  readonly json?: true;
}

export function boots(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker boots --machine 52:54:00:12:34:56']).option(
      '--machine <id-or-mac>',
      'only this machine',
    ),
  ).action(async ({ machine, ...options }: Options) =>
    printList<BootEvent>(system, options, {
      path: 'boots',
      query: { machine: machine && (await machineId(broker(system, options), machine)) },
      titles: ['AT', 'MACHINE', 'STAGE', 'SOURCE', 'DETAIL'],
      row: ({ at, machine_id, stage, source, detail }) => [at, machine_id, stage, source, cell(detail)],
    }),
  );
}
