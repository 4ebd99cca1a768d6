import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine } from '../../output/printable.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

export function tokenRevoke(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'revoke <id>', 'Revoke an API token: from now on it opens nothing.', [
      'bootbroker token revoke 0199c1f0-5c3a-7000-8000-3f2d1c0b9a87',
    ]),
  ).action(async (id: string, options: BrokerOptions & { readonly json?: true }) => {
    const revoked = accepted(await broker(outside, options).delete(`tokens/${encodeURIComponent(id)}`));
    outside.stdout.write(options.json ? jsonLine(revoked) : `token ${id} is revoked\n`);
  });
}
