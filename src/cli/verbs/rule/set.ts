import type { Command } from 'commander';
import type { Rule } from '../../../boot/rule.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { ruleNamed } from '../../broker/named.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { jsonFile, wholeNumber } from '../../verb/options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly name?: string;
  readonly profile?: string;
  readonly priority?: number;
  readonly percent?: number;
  readonly selector?: unknown;
  readonly dryRun?: true;
  readonly json?: true;
}

export function ruleSet(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker rule set rack1 --priority 20 --dry-run'])
      .option('--name <name>', 'what you call it')
      .option('--profile <name>', 'the profile that it assigns; its newest revision is handed out')
      .option('--priority <number>', 'the highest wins; no two rules share one', wholeNumber)
      .option('--percent <number>', 'share of machines that the next revisions go to at first', wholeNumber)
      .option('--selector <file>', 'a JSON file with a selector', jsonFile)
      .option('--dry-run', 'only say which machines would change, and how'),
  ).action(async (which: string, { json, dryRun, ...options }: Options) => {
    const api = broker(system, options);
    const { id, version } = await ruleNamed(api, which);
    const { name, profile, priority, percent, selector } = options;
    const body = { name, profile, priority, percent, selector };
    const path = `rules/${id}`;
    if (dryRun) return printDryRun(system, json, (query) => api.patch(path, body, { query }));
    // what somebody else changes meanwhile is not overwritten
    const rule = accepted(await api.patch(path, body, { etag: `"${version}"` })) as Rule;
    system.stdout.write(
      json ? jsonLine(rule) : `${printable(`rule ${rule.name} is at version ${rule.version}`)}\n`,
    );
  });
}
