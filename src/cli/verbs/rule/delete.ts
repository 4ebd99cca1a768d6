import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { ruleNamed } from '../../broker/rule-id.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

export function ruleDelete(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'delete <name-or-id>', 'Delete a rule; its machines get what the next rule assigns.', [
      'bootbroker rule delete rack1 --dry-run',
    ]).option('--dry-run', 'only say which machines would change, and how'),
  ).action(async (which: string, { json, dryRun, ...options }: Options) => {
    const api = broker(outside, options);
    const { id, name } = await ruleNamed(api, which);
    if (dryRun) return printDryRun(outside, json, (query) => api.delete(`rules/${id}`, query));
    accepted(await api.delete(`rules/${id}`));
    outside.stdout.write(json ? jsonLine({ id }) : `${printable(`rule ${name} is deleted`)}\n`);
  });
}
