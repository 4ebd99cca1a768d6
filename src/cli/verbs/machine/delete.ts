import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function machineDelete(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker machine delete 52:54:00:12:34:56'])).action(
    async (which: string, options: BrokerOptions & { readonly json?: true }) => {
      const api = broker(system, options);
      const id = await machineId(api, which);
      accepted(await api.delete(`machines/${id}`));
      system.stdout.write(options.json ? jsonLine({ id }) : `${printable(`machine ${id} is deleted`)}\n`);
    },
  );
}
