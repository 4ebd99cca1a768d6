import type { Command } from 'commander';
import type { Rule } from '../../../boot/rule/rule.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { ruleNamed } from '../../broker/named.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { wholeNumber } from '../../verb/options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly percent: number;
  readonly dryRun?: true;
  readonly json?: true;
}

export function rulePromote(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker rule promote rack1 --percent 50'])
      .option('--percent <number>', 'share of machines that get it from now on', wholeNumber, 100)
      .option('--dry-run', 'only say which machines would change, and how'),
  ).action(async (which: string, { json, dryRun, percent, ...options }: Options) => {
    const api = broker(system, options);
    const { id } = await ruleNamed(api, which);
    const path = `rules/${id}/promote`;
    if (dryRun) return printDryRun(system, json, (query) => api.post(path, { percent }, query));
    const rule = accepted(await api.post(path, { percent })) as Rule;
    const text = rule.rollout
      ? `rule ${rule.name} rolls out ${rule.rollout.revision} to ${rule.rollout.percent} % of its machines`
      : `rule ${rule.name} gives all its machines ${rule.active}`;
    system.stdout.write(json ? jsonLine(rule) : `${printable(text)}\n`);
  });
}
