import type { Command } from 'commander';
import type { Machine } from '../../../boot/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { pendingIdOf } from '../../broker/named.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { collect, pair } from '../../verb/options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly name?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly network?: readonly string[];
  readonly profile?: string;
  readonly json?: true;
}

export function machineEnroll(command: Command, system: System): void {
  brokerOptions(
    example(command, [
      'bootbroker machine enroll 52:54:00:12:34:56 --name rack1-u07 \\',
      '    --profile debian',
    ])
      .option('--name <name>', 'what you call it')
      .option('--label <key=value>', 'a label; several times for several', pair)
      .option('--network <cidr>', 'a network that it boots from; unset: any that may boot', collect)
      .option('--profile <name>', 'a profile, whose newest revision it boots from now on'),
  ).action(async (which: string, { name, label, network, profile, ...options }: Options) => {
    const body = {
      ...(name && { name }),
      ...(label && { labels: label }),
      ...(network && { networks: network }),
      ...(profile && { profile }),
    };
    const path = `machines/pending/${encodeURIComponent(pendingIdOf(which))}/enroll`;
    const machine = accepted(await broker(system, options).post(path, body)) as Machine;
    system.stdout.write(
      options.json
        ? jsonLine(machine)
        : `${printable(`machine ${machine.name ?? which} is registered: ${machine.id}`)}\n`,
    );
  });
}
