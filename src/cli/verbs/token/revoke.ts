import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function tokenRevoke(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker token revoke 0199c1f0-5c3a-7000-8000-3f2d1c0b9a87'])).action(
    async (id: string, options: BrokerOptions & { readonly json?: true }) => {
      const revoked = accepted(await broker(system, options).delete(`tokens/${encodeURIComponent(id)}`));
      system.stdout.write(options.json ? jsonLine(revoked) : `token ${id} is revoked\n`);
    },
  );
}
