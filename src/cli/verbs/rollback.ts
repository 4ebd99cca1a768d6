import type { Command } from 'commander';
import type { Machine } from '../../boot/machine/machine.ts';
import type { Rule } from '../../boot/rule/rule.ts';
import { type Api, accepted } from '../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../broker/broker.ts';
import { machineId, ruleNamed } from '../broker/named.ts';
import { printDryRun } from '../output/dry-run.ts';
import { Failure } from '../verb/failure.ts';
import { jsonLine, printable } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly rule?: string;
  readonly machine?: string;
  readonly to?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function rollback(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker rollback --rule rack1 --dry-run'])
      .option('--rule <name-or-id>', 'the rule; a roll-out that is on its way is ended first')
      .option('--machine <id-or-mac>', 'the machine')
      .option('--to <revision>', 'the revision to go back to; unset: the one before')
      .option('--dry-run', 'only say which machines would change, and how'),
  ).action(async ({ json, dryRun, to, ...options }: Options) => {
    const api = broker(system, options);
    const path = `${await target(api, options)}/rollback`;
    const body = { ...(to && { to }) };
    if (dryRun) return printDryRun(system, json, (query) => api.post(path, body, query));
    const now = accepted(await api.post(path, body)) as Machine | Rule;
    const what = 'selector' in now ? `rule ${now.name} hands out` : `machine ${now.id} boots`;
    system.stdout.write(
      json ? jsonLine(now) : `${printable(`${what} revision ${now.active} from now on`)}\n`,
    );
  });
}

async function target(api: Api, { rule, machine }: Options): Promise<string> {
  if (rule !== undefined && machine === undefined) return `rules/${(await ruleNamed(api, rule)).id}`;
  if (machine !== undefined && rule === undefined) return `machines/${await machineId(api, machine)}`;
  throw new Failure('usage', 'name either a rule, by --rule, or a machine, by --machine');
}
