import type { Command } from 'commander';
import type { HardwareWanted } from '../../boot/rule/hardware.ts';
import { Failure } from './failure.ts';
import { jsonFile, pair } from './options.ts';

/** What options say of which machines a rule is about. */
export interface SelectorOptions extends Omit<HardwareWanted, 'memory_at_least'> {
  readonly all?: true;
  readonly label?: Readonly<Record<string, string>>;
  readonly arch?: string;
  readonly network?: string;
  readonly mac?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  readonly memoryAtLeast?: string;
  readonly selector?: unknown;
}

/** An option for each of the usual selectors. */
export function selectorOptions(command: Command): Command {
  return command
    .option('--all', 'every machine')
    .option('--label <key=value>', 'machines with this label; several times for several', pair)
    .option('--arch <arch>', 'machines of this architecture')
    .option('--network <cidr>', 'machines that ask from this network')
    .option('--mac <mac>', 'the machine with this MAC')
    .option('--manufacturer <pattern>', 'machines of this maker: a part of its name, or all of it with *')
    .option('--product <pattern>', 'machines whose maker calls them so, as above')
    .option('--cpu <pattern>', 'machines with such a CPU registered, as above')
    .option('--memory-at-least <size>', 'machines with that much memory registered: bytes, or 64GiB')
    .option('--drive <pattern>', 'machines with such a drive registered')
    .option('--accelerator <pattern>', 'machines with such an accelerator registered')
    .option('--nic <pattern>', 'machines with such a network card registered')
    .option('--selector <file>', 'a JSON file with a selector: all, any, not and the above', jsonFile);
}

/** What several options say holds all at once. */
export function selectorOf(options: SelectorOptions): unknown {
  const { all, label, arch, network, mac, manufacturer, product, selector } = options;
  const said = [
    label && { label },
    arch && { arch },
    network && { network },
    mac && { mac },
    manufacturer && { manufacturer },
    product && { product },
    hardwareOf(options),
    selector,
  ].filter((one) => one !== undefined && one !== '');
  if (all ? said.length > 0 : said.length === 0)
    throw new Failure(
      'usage',
      'say which machines: --all alone, or --label, --arch, --network, --mac, --manufacturer, --product, --cpu, --memory-at-least, --drive, --accelerator, --nic, --selector',
    );
  return said.length === 1 ? said[0] : { all: said };
}

function hardwareOf({ cpu, memoryAtLeast, drive, accelerator, nic }: SelectorOptions): object | undefined {
  const said = Object.entries({ cpu, memory_at_least: memoryAtLeast, drive, accelerator, nic });
  const given = said.filter(([, value]) => value !== undefined);
  return given.length > 0 ? { hardware: Object.fromEntries(given) } : undefined;
}
