import type { Command } from 'commander';
import { ruleFields } from '../../../boot/fields/rule.ts';
import type { Rule } from '../../../boot/rule/rule.ts';
import { selectorText } from '../../../boot/rule/selector.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { Failure } from '../../verb/failure.ts';
import { addingOptions, bodyOf, type Said } from '../../verb/field-options.ts';
import { jsonFile, pair } from '../../verb/options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly all?: true;
  readonly label?: Readonly<Record<string, string>>;
  readonly arch?: string;
  readonly network?: string;
  readonly mac?: string;
  readonly selector?: unknown;
  readonly dryRun?: true;
  readonly json?: true;
}

export function ruleAdd(command: Command, system: System): void {
  brokerOptions(
    addingOptions(
      example(command, [
        'bootbroker rule add --name rack1 --label rack=r1 --profile debian \\',
        '    --priority 10 --dry-run',
      ]),
      ruleFields,
    )
      .option('--all', 'every machine')
      .option('--label <key=value>', 'machines with this label; several times for several', pair)
      .option('--arch <arch>', 'machines of this architecture')
      .option('--network <cidr>', 'machines that ask from this network')
      .option('--mac <mac>', 'the machine with this MAC')
      .option('--selector <file>', 'a JSON file with a selector: all, any, not and the above', jsonFile)
      .option('--dry-run', 'only say which machines would change, and how'),
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

/** What several options say holds all at once. */
function selectorOf({ all, label, arch, network, mac, selector }: Options): unknown {
  const said = [
    label && { label },
    arch && { arch },
    network && { network },
    mac && { mac },
    selector,
  ].filter((one) => one !== undefined);
  if (all ? said.length > 0 : said.length === 0)
    throw new Failure(
      'usage',
      'say which machines: --all alone, or --label, --arch, --network, --mac, --selector',
    );
  return said.length === 1 ? said[0] : { all: said };
}
