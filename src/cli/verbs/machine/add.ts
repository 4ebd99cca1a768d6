import type { Command } from 'commander';
import { machineFields } from '../../../boot/fields/machine.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { addingOptions, bodyOf, type Said } from '../../verb/field-options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function machineAdd(command: Command, system: System): void {
  brokerOptions(
    addingOptions(
      example(command, [
        'bootbroker machine add --mac 52:54:00:12:34:56 --name rack1-u07 \\',
        '    --network 10.1.0.0/24',
      ]),
      machineFields,
    ),
  ).action(async (options: Options & Said) => {
    const body = bodyOf(machineFields, options);
    const machine = accepted(await broker(system, options).post('machines', body)) as Machine;
    system.stdout.write(
      options.json
        ? jsonLine(machine)
        : `${printable(`machine ${machine.name ?? machine.macs.join(', ')} is registered: ${machine.id}`)}\n`,
    );
  });
}
