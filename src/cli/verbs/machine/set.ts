import { type Command, Option } from 'commander';
import type { Machine } from '../../../boot/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { collect, jsonFile, pair } from '../../verb/options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

const removable = ['name', 'uuid', 'serial', 'hardware', 'networks', 'client'] as const;

interface Options extends BrokerOptions {
  readonly mac?: readonly string[];
  readonly name?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly unlabel?: readonly string[];
  readonly network?: readonly string[];
  readonly hardware?: unknown;
  readonly client?: unknown;
  readonly unset?: (typeof removable)[number];
  readonly json?: true;
}

export function machineSet(command: Command, outside: System): void {
  brokerOptions(
    example(command, ['bootbroker machine set 52:54:00:12:34:56 --label rack=r2 --unlabel spare'])
      .option('--mac <mac>', 'the MAC addresses that it has from now on, one each', collect)
      .option('--name <name>', 'what you call it')
      .option('--uuid <uuid>', 'its SMBIOS system UUID')
      .option('--serial <serial>', 'its serial number')
      .option('--label <key=value>', 'a label to add or change', pair)
      .option('--unlabel <key>', 'a label to take away', collect)
      .option('--network <cidr>', 'the networks that it boots from, from now on, one each', collect)
      .option('--hardware <file>', 'a JSON file with its cpus, memory, nics, drives, accelerators', jsonFile)
      .option('--client <file>', 'a JSON file with what its clients can do, by client', jsonFile)
      .addOption(new Option('--unset <field>', 'what to take away').choices(removable)),
  ).action(async (which: string, { json, url, dataDir, ...changes }: Options) => {
    const api = broker(outside, { ...(url && { url }), ...(dataDir && { dataDir }) });
    const id = await machineId(api, which);
    const before = accepted(await api.get(`machines/${id}`)) as Machine;
    // Whoever changes it meanwhile is not overwritten.
    const answer = await api.put(`machines/${id}`, changed(before, changes), `"${before.version}"`);
    const after = accepted(answer) as Machine;
    outside.stdout.write(
      json ? jsonLine(after) : `${printable(`machine ${after.name ?? id} is at version ${after.version}`)}\n`,
    );
  });
}

/** What `PUT` takes: the machine as it is, with the changes. */
function changed(
  { name, macs, uuid, serial, hardware, labels, networks, client }: Machine,
  { mac, label, unlabel = [], network, unset, ...given }: Omit<Options, 'json'>,
): Record<string, unknown> {
  const wanted: Record<string, unknown> = {
    ...{ name, uuid, serial, hardware, client },
    ...given,
    macs: mac ?? macs,
    networks: network ?? networks,
    labels: Object.fromEntries(
      Object.entries({ ...labels, ...label }).filter(([key]) => !unlabel.includes(key)),
    ),
  };
  if (unset) delete wanted[unset];
  return wanted;
}
