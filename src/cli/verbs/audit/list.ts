import { type Command, InvalidArgumentError } from 'commander';
import type { AuditEvent } from '../../../boot/access/audit.ts';
import { eachItem } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { cell, printItems } from '../../output/listing.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly last: number;
  readonly json?: true;
}

export function auditList(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker audit list --action machine --last 20'])
      .option('--actor <id>', 'only what this token, OIDC holder or admin-token did')
      .option('--action <action>', 'only this: machine.create, or machine for all about machines')
      .option('--target <id>', 'only what was done to this')
      .option('--last <count>', 'so many at most', count, 100),
  ).action(async ({ actor, action, target, last, ...options }: Options) => {
    const query = { actor, action, target, order: 'newest', limit: '1000' };
    const events: AuditEvent[] = [];
    for await (const event of eachItem<AuditEvent>(broker(system, options), 'audit', query)) {
      events.push(event);
      if (events.length === last) break;
    }
    printItems<AuditEvent>(system, options, events.toReversed(), {
      titles: ['AT', 'WHO', 'FROM', 'ACTION', 'TARGET', 'OUTCOME'],
      row: ({ at, actor: who, from, action: done, target: of, outcome, reason, count }) => [
        at,
        `${who.kind} ${who.id}`,
        cell(from),
        done,
        cell(of && `${of.kind} ${of.id}`),
        `${outcome}${count ? ` ${count} times` : ''}${reason ? `: ${reason}` : ''}`,
      ],
    });
  });
}

function count(text: string): number {
  const number = Number(text);
  if (!/^\d{1,6}$/.test(text) || number < 1) throw new InvalidArgumentError('Write a number from 1 on.');
  return number;
}
