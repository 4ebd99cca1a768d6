import type { Command } from 'commander';
import type { BootRecord } from '../../boot/history/boot-record.ts';
import { allItems } from '../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../broker/broker.ts';
import { machineId } from '../broker/named.ts';
import { cell, printItems } from '../output/listing.ts';
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
  ).action(async ({ machine, ...options }: Options) => {
    const plane = broker(system, options);
    const items = await allItems<BootRecord>(plane, 'boots', {
      machine: machine && (await machineId(plane, machine)),
    });
    if (options.json) printItems(system, options, items, { titles: [], row: () => [] });
    else
      printItems(system, options, items.flatMap(rowsOf), {
        titles: ['AT', 'MACHINE', 'BOOT', 'STAGE', 'SOURCE', 'DETAIL'],
        row: (row) => row,
      });
  });
}

/** A row for each step, and one for those that the broker did not keep. */
function rowsOf({ id, machine_id, steps, left_out }: BootRecord): string[][] {
  const rows = steps.map(({ at, stage, source, detail, times }) => [
    at,
    machine_id,
    id,
    times === undefined ? stage : `${stage} (${times} times)`,
    source,
    cell(detail),
  ]);
  const more = left_out === undefined ? [] : [['-', machine_id, id, '-', '-', `and ${left_out} steps more`]];
  return [...rows, ...more];
}
