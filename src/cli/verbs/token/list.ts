import type { Command } from 'commander';
import type { ApiToken } from '../../../boot/access/token.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function tokenList(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker token list'])).action(
    (options: BrokerOptions & { readonly json?: true }) =>
      printList<ApiToken>(system, options, {
        path: 'tokens',
        query: {},
        titles: ['NAME', 'ROLE', 'CREATED', 'EXPIRES', 'REVOKED', 'ID'],
        row: ({ name, role, created_at, expires_at, revoked_at, id }) => [
          name,
          role,
          created_at,
          cell(expires_at),
          cell(revoked_at),
          id,
        ],
      }),
  );
}
