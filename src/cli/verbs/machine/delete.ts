import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/machine-id.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

export function machineDelete(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'delete <id-or-mac>', 'Delete a machine; what it did in its boots stays on record.', [
      'bootbroker machine delete 52:54:00:12:34:56',
    ]),
  ).action(async (which: string, options: BrokerOptions & { readonly json?: true }) => {
    const api = broker(outside, options);
    const id = await machineId(api, which);
    accepted(await api.delete(`machines/${id}`));
    outside.stdout.write(options.json ? jsonLine({ id }) : `${printable(`machine ${id} is deleted`)}\n`);
  });
}
