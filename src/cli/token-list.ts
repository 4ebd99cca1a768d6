import type { Command } from 'commander';
import type { ApiToken } from '../boot/token.ts';
import { type BrokerOptions, brokerOptions } from './broker.ts';
import { cell, printList } from './listing.ts';
import type { Outside } from './outside.ts';
import { verb } from './verb.ts';

export function tokenList(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'list', 'List the API tokens, the ended and revoked ones as well.', [
      'bootbroker token list',
    ]),
  ).action((options: BrokerOptions & { readonly json?: true }) =>
    printList<ApiToken>(outside, options, {
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
