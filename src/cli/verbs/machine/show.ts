import type { Command } from 'commander';
import type { Machine } from '../../../boot/machine/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { outline } from '../../output/outline.ts';
import { jsonLine } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function machineShow(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker machine show 52:54:00:12:34:56'])).action(
    async (which: string, options: BrokerOptions & { readonly json?: true }) => {
      const api = broker(system, options);
      const machine = accepted(await api.get(`machines/${await machineId(api, which)}`)) as Machine;
      system.stdout.write(options.json ? jsonLine(machine) : outline({ ...machine }));
    },
  );
}
