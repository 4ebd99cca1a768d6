import type { Command } from 'commander';
import { machineFields } from '../../../boot/fields/machine.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { changedBy, changingOptions, type Said } from '../../verb/field-options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function machineSet(command: Command, system: System): void {
  brokerOptions(
    changingOptions(
      example(command, ['bootbroker machine set 52:54:00:12:34:56 --label rack=r2 --unlabel spare']),
      machineFields,
    ),
  ).action(async (which: string, options: Options & Said) => {
    const api = broker(system, options);
    const id = await machineId(api, which);
    const before = accepted(await api.get(`machines/${id}`)) as Machine;
    // What others change meanwhile is not overwritten.
    const changed = changedBy(machineFields, before, options);
    const after = accepted(await api.put(`machines/${id}`, changed, `"${before.version}"`)) as Machine;
    system.stdout.write(
      options.json
        ? jsonLine(after)
        : `${printable(`machine ${after.name ?? id} is at version ${after.version}`)}\n`,
    );
  });
}
