import type { Command } from 'commander';
import type { Machine } from '../../../boot/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { collect, jsonFile, pair } from '../../verb/options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly mac?: readonly string[];
  readonly name?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly network?: readonly string[];
  readonly hardware?: unknown;
  readonly client?: unknown;
  readonly json?: true;
}

export function machineAdd(command: Command, outside: System): void {
  brokerOptions(
    example(command, [
      'bootbroker machine add --mac 52:54:00:12:34:56 --name rack1-u07 \\',
      '    --network 10.1.0.0/24',
    ])
      .option('--mac <mac>', 'a MAC address that it boots from; several times for several', collect)
      .option('--name <name>', 'what you call it')
      .option('--uuid <uuid>', 'its SMBIOS system UUID')
      .option('--serial <serial>', 'its serial number')
      .option('--label <key=value>', 'a label; several times for several', pair)
      .option('--network <cidr>', 'a network that it boots from; unset: any that may boot', collect)
      .option('--hardware <file>', 'a JSON file with its cpus, memory, nics, drives, accelerators', jsonFile)
      .option('--client <file>', 'a JSON file with what its clients can do, by client', jsonFile),
  ).action(async ({ mac, name, uuid, serial, label, network, hardware, client, ...options }: Options) => {
    const body = {
      macs: mac ?? [],
      ...(name && { name }),
      ...(uuid && { uuid }),
      ...(serial && { serial }),
      ...(label && { labels: label }),
      ...(network && { networks: network }),
      ...(hardware !== undefined && { hardware }),
      ...(client !== undefined && { client }),
    };
    const machine = accepted(await broker(outside, options).post('machines', body)) as Machine;
    outside.stdout.write(
      options.json
        ? jsonLine(machine)
        : `${printable(`machine ${machine.name ?? machine.macs.join(', ')} is registered: ${machine.id}`)}\n`,
    );
  });
}
