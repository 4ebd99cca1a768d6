import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { ruleNamed } from '../../broker/named.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

export function ruleDelete(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker rule delete rack1 --dry-run']).option(
      '--dry-run',
      'only say which machines would change, and how',
    ),
  ).action(async (which: string, { json, dryRun, ...options }: Options) => {
    const api = broker(system, options);
    const { id, name } = await ruleNamed(api, which);
    if (dryRun) return printDryRun(system, json, (query) => api.delete(`rules/${id}`, query));
    accepted(await api.delete(`rules/${id}`));
    system.stdout.write(json ? jsonLine({ id }) : `${printable(`rule ${name} is deleted`)}\n`);
  });
}
