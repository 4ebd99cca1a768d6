import type { Command } from 'commander';
import { machineFields } from '../../../boot/fields/machine.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { observationsOf, type PendingMachine } from '../../../boot/machine/pending-machine.ts';
import { networkRound } from '../../../boot/network.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { addingOptions, bodyOf, type Said } from '../../verb/field-options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly profile?: string;
  readonly addTo?: string;
  readonly from?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly macOnly?: true;
  readonly json?: true;
}

/** All else is what was observed. */
const { name, labels, networks } = machineFields;
const fields = { name, labels, networks };

export function machineEnroll(command: Command, system: System): void {
  brokerOptions(
    addingOptions(
      example(command, [
        'bootbroker machine enroll 52:54:00:12:34:56 --name rack1-u07 \\',
        '    --network 10.1.0.0/24 --profile debian',
        'bootbroker machine enroll 52:54:00:12:34:57 --add-to 52:54:00:12:34:56',
      ]),
      fields,
    )
      .option('--profile <name>', 'a profile, whose newest revision it boots from now on')
      .option('--add-to <id-or-mac>', 'no new machine: this one has the MAC, too, from now on')
      .option('--from <address>', 'where several say that they are it: believe who asked from here')
      .option('--uuid <uuid>', 'believe who said this UUID')
      .option('--serial <serial>', 'believe who said this serial number')
      .option('--mac-only', 'register its MAC alone, whatever else was said'),
  ).action(async (which: string, options: Options & Said) => {
    const { profile, addTo, from, uuid, serial, macOnly, json } = options;
    const api = broker(system, options);
    const path = `machines/pending/${encodeURIComponent(which)}`;
    const pending = accepted(await api.get(path)) as PendingMachine;
    const body = {
      ...bodyOf(fields, options),
      ...(profile && { profile }),
      ...(addTo && { add_to: await machineId(api, addTo) }),
      ...{ ...(from && { from }), ...(uuid && { uuid }), ...(serial && { serial }) },
      ...(macOnly && { mac_only: true }),
    };
    const machine = accepted(await api.post(`${path}/enroll`, body)) as Machine;
    if (json) return void system.stdout.write(jsonLine(machine));
    const named = machine.name ?? which;
    system.stdout.write(
      `${printable(addTo ? `machine ${named} has ${machine.macs.join(', ')}: ${machine.id}` : `machine ${named} is registered: ${machine.id}`)}\n`,
    );
    for (const hint of addTo ? [] : hints(pending, machine)) system.stderr.write(`${printable(hint)}\n`);
  });
}

/** From where a machine that boots from anywhere may be bound to boot. */
function hints(pending: PendingMachine, { id, networks }: Machine): string[] {
  if (networks.length > 0) return [];
  const addresses = [...new Set(observationsOf(pending).map(({ address }) => address))];
  const round = new Set(addresses.flatMap((address) => networkRound(address) ?? []));
  const options = [...round].map((network) => ` --network ${network}`).join('');
  return [
    `it asked from ${addresses.join(', ')}; to let it boot from there alone: bootbroker machine set ${id}${options}`,
  ];
}
