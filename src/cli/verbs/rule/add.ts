import type { Command } from 'commander';
import type { Rule } from '../../../boot/rule.ts';
import { selectorText } from '../../../boot/selector.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { Failure } from '../../verb/failure.ts';
import { jsonFile, pair, wholeNumber } from '../../verb/options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly name: string;
  readonly profile: string;
  readonly priority: number;
  readonly percent?: number;
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
    example(command, [
      'bootbroker rule add --name rack1 --label rack=r1 --profile debian \\',
      '    --priority 10 --dry-run',
    ])
      .requiredOption('--name <name>', 'what you call it')
      .requiredOption('--profile <name>', 'the profile that it assigns')
      .requiredOption('--priority <number>', 'the highest wins; no two rules share one', wholeNumber)
      .option('--percent <number>', 'share of machines that a new revision goes to at first', wholeNumber)
      .option('--all', 'every machine')
      .option('--label <key=value>', 'machines with this label; several times for several', pair)
      .option('--arch <arch>', 'machines of this architecture')
      .option('--network <cidr>', 'machines that ask from this network')
      .option('--mac <mac>', 'the machine with this MAC')
      .option('--selector <file>', 'a JSON file with a selector: all, any, not and the above', jsonFile)
      .option('--dry-run', 'only say which machines would change, and how'),
  ).action(async ({ json, dryRun, ...options }: Options) => {
    const { name, profile, priority, percent } = options;
    const body = {
      name,
      profile,
      priority,
      selector: selectorOf(options),
      ...(percent !== undefined && { percent }),
    };
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
