import type { Command } from 'commander';
import type { AuditEvent } from '../boot/audit.ts';
import { type BrokerOptions, brokerOptions } from './broker.ts';
import { cell, printList } from './listing.ts';
import type { Outside } from './outside.ts';
import { verb } from './verb.ts';

interface Options extends BrokerOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly json?: true;
}

export function auditList(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'list', 'Show who changed what, and who was refused, oldest first.', [
      'bootbroker audit list --action machine',
    ])
      .option('--actor <id>', 'only what this token, OIDC holder or admin-token did')
      .option('--action <action>', 'only this: machine.create, or machine for all about machines')
      .option('--target <id>', 'only what was done to this'),
  ).action(({ actor, action, target, ...options }: Options) =>
    printList<AuditEvent>(outside, options, {
      path: 'audit',
      query: { actor, action, target, limit: '1000' },
      titles: ['AT', 'WHO', 'FROM', 'ACTION', 'TARGET', 'OUTCOME'],
      row: ({ at, actor: who, from, action: done, target: of, outcome, reason, count }) => [
        at,
        `${who.kind} ${who.id}`,
        cell(from),
        done,
        cell(of && `${of.kind} ${of.id}`),
        `${outcome}${count ? ` ${count} times` : ''}${reason ? `: ${reason}` : ''}`,
      ],
    }),
  );
}
