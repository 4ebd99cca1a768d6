import type { Command } from 'commander';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

export function machineRelease(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker machine release 52:54:00:12:34:56 --dry-run']).option(
      '--dry-run',
      'only say how it would change',
    ),
  ).action(async (which: string, { json, dryRun, ...options }: Options) => {
    const api = broker(system, options);
    const path = `machines/${await machineId(api, which)}/active`;
    if (dryRun) return printDryRun(system, json, (query) => api.delete(path, query));
    const machine = accepted(await api.delete(path)) as { id: string };
    system.stdout.write(
      json
        ? jsonLine(machine)
        : `${printable(`machine ${machine.id} boots what the rules say from now on`)}\n`,
    );
  });
}
