import type { Command } from 'commander';
import type { Rule } from '../../../boot/rule.ts';
import { selectorText } from '../../../boot/selector.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

export function ruleList(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'list', 'List the rules and what they hand out now.', ['bootbroker rule list']),
  ).action((options: BrokerOptions & { readonly json?: true }) =>
    printList<Rule>(outside, options, {
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
