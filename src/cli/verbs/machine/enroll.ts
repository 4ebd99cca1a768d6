import type { Command } from 'commander';
import { machineFields } from '../../../boot/fields/machine.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { pendingIdOf } from '../../broker/named.ts';
import { addingOptions, bodyOf, type Said } from '../../verb/field-options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly profile?: string;
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
        '    --profile debian',
      ]),
      fields,
    ).option('--profile <name>', 'a profile, whose newest revision it boots from now on'),
  ).action(async (which: string, { profile, ...options }: Options & Said) => {
    const body = { ...bodyOf(fields, options), ...(profile && { profile }) };
    const path = `machines/pending/${encodeURIComponent(pendingIdOf(which))}/enroll`;
    const machine = accepted(await broker(system, options).post(path, body)) as Machine;
    system.stdout.write(
      options.json
        ? jsonLine(machine)
        : `${printable(`machine ${machine.name ?? which} is registered: ${machine.id}`)}\n`,
    );
  });
}
