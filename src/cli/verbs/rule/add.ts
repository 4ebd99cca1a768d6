import type { Command } from 'commander';
import { ruleFields } from '../../../boot/fields/rule.ts';
import type { Rule } from '../../../boot/rule/rule.ts';
import { selectorText } from '../../../boot/rule/selector.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { addingOptions, bodyOf, type Said } from '../../verb/field-options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import { type SelectorOptions, selectorOf, selectorOptions } from '../../verb/selector-options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions, SelectorOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

export function ruleAdd(command: Command, system: System): void {
  brokerOptions(
    selectorOptions(
      addingOptions(
        example(command, [
          'bootbroker rule add --name rack1 --label rack=r1 --profile debian \\',
          '    --priority 10 --dry-run',
        ]),
        ruleFields,
      ),
    ).option('--dry-run', 'only say which machines would change, and how'),
  ).action(async ({ json, dryRun, ...options }: Options & Said) => {
    const body = { ...bodyOf(ruleFields, options), selector: selectorOf(options) };
    const api = broker(system, options);
    if (dryRun) return printDryRun(system, json, (query) => api.post('rules', body, query));
    const rule = accepted(await api.post('rules', body)) as Rule;
    const gives = rule.active ?? `nothing yet: there is no revision of ${rule.profile}`;
    const text = `rule ${rule.name} gives ${selectorText(rule.selector)} the profile ${rule.profile} (${gives})`;
    system.stdout.write(json ? jsonLine(rule) : `${printable(text)}\n`);
  });
}
