import type { Command } from 'commander';
import { ruleFields } from '../../../boot/fields/rule.ts';
import type { Rule } from '../../../boot/rule/rule.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { ruleNamed } from '../../broker/named.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { bodyOf, changingOptions, type Said } from '../../verb/field-options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

export function ruleSet(command: Command, system: System): void {
  brokerOptions(
    changingOptions(
      example(command, ['bootbroker rule set rack1 --priority 20 --dry-run']),
      ruleFields,
    ).option('--dry-run', 'only say which machines would change, and how'),
  ).action(async (which: string, { json, dryRun, ...options }: Options & Said) => {
    const api = broker(system, options);
    const { id, version } = await ruleNamed(api, which);
    const body = bodyOf(ruleFields, options);
    const path = `rules/${id}`;
    if (dryRun) return printDryRun(system, json, (query) => api.patch(path, body, { query }));
    // what somebody else changes meanwhile is not overwritten
    const rule = accepted(await api.patch(path, body, { etag: `"${version}"` })) as Rule;
    system.stdout.write(
      json ? jsonLine(rule) : `${printable(`rule ${rule.name} is at version ${rule.version}`)}\n`,
    );
  });
}
