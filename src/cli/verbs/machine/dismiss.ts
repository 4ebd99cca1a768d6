import type { Command } from 'commander';
import { pendingIdOf } from '../../../boot/machine/pending-machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function machineDismiss(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker machine dismiss 52:54:00:12:34:56'])).action(
    async (which: string, options: BrokerOptions & { readonly json?: true }) => {
      accepted(await broker(system, options).delete(`machines/pending/${encodeURIComponent(which)}`));
      const id = pendingIdOf(which);
      system.stdout.write(
        options.json ? jsonLine({ id }) : `${printable(`pending ${which} is dismissed`)}\n`,
      );
    },
  );
}
