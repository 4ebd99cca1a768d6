import type { Command } from 'commander';
import type { Rule } from '../../../boot/rule/rule.ts';
import { selectorText } from '../../../boot/rule/selector.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function ruleList(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker rule list'])).action(
    (options: BrokerOptions & { readonly json?: true }) =>
      printList<Rule>(system, options, {
        path: 'rules',
        query: {},
        titles: ['NAME', 'PRIORITY', 'MACHINES', 'PROFILE', 'REVISION', 'ROLL-OUT', 'ID'],
        row: (rule) => [
          rule.name,
          String(rule.priority),
          selectorText(rule.selector),
          rule.profile,
          cell(rule.active),
          cell(rollout(rule)),
          rule.id,
        ],
      }),
  );
}

function rollout({ rollout: on }: Rule): string | undefined {
  return on && `${on.revision} to ${on.percent} %${on.halted_at ? `, halted: ${on.reason ?? ''}` : ''}`;
}
