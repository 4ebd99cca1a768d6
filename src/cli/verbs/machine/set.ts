import type { Command } from 'commander';
import { machineFields } from '../../../boot/fields/machine.ts';
import type { Machine } from '../../../boot/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/machine-id.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { changedBy, changingOptions, type Said } from '../../verb/field-options.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function machineSet(parent: Command, outside: Outside): void {
  brokerOptions(
    changingOptions(
      verb(parent, 'set <id-or-mac>', 'Change what is said of a machine; all else stays.', [
        'bootbroker machine set 52:54:00:12:34:56 --label rack=r2 --unlabel spare',
      ]),
      machineFields,
    ),
  ).action(async (which: string, options: Options & Said) => {
    const api = broker(outside, options);
    const id = await machineId(api, which);
    const before = accepted(await api.get(`machines/${id}`)) as Machine;
    // Whoever changes it meanwhile is not overwritten.
    const changed = changedBy(machineFields, before, options);
    const after = accepted(await api.put(`machines/${id}`, changed, `"${before.version}"`)) as Machine;
    outside.stdout.write(
      options.json
        ? jsonLine(after)
        : `${printable(`machine ${after.name ?? id} is at version ${after.version}`)}\n`,
    );
  });
}
