import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { pendingIdOf } from '../../broker/pending-id.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

export function machineDismiss(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'dismiss <id-or-mac>', 'Forget a pending machine, until it asks again.', [
      'bootbroker machine dismiss 52:54:00:12:34:56',
    ]),
  ).action(async (which: string, options: BrokerOptions & { readonly json?: true }) => {
    const id = pendingIdOf(which);
    accepted(await broker(outside, options).delete(`machines/pending/${encodeURIComponent(id)}`));
    outside.stdout.write(options.json ? jsonLine({ id }) : `${printable(`pending ${id} is dismissed`)}\n`);
  });
}
