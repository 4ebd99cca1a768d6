import type { Command } from 'commander';
import { accepted } from './api.ts';
import { type BrokerOptions, broker, brokerOptions } from './broker.ts';
import { machineId } from './machine-id.ts';
import type { Outside } from './outside.ts';
import { jsonLine, printable } from './printable.ts';
import { verb } from './verb.ts';

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
