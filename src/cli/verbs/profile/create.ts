import type { Command } from 'commander';
import { profileFields } from '../../../boot/fields/profile.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { Failure } from '../../verb/failure.ts';
import { addingOptions, bodyOf, type Said } from '../../verb/field-options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly name?: string;
  readonly machine?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function profileCreate(command: Command, system: System): void {
  brokerOptions(
    addingOptions(
      example(command, [
        'bootbroker profile create --name debian --machine 52:54:00:12:34:56 \\',
        '    --kernel debian-12@6.1 --initrd debian-12@6.1 --cmdline "console=ttyS0"',
      ]),
      profileFields,
    ).option('--dry-run', 'only say which machines would change, and how'),
  ).action(async ({ json, dryRun, ...options }: Options & Said) => {
    const { name, machine } = options;
    if (!name && !machine)
      throw new Failure('usage', 'give the profile a --name, or name the --machine that it is for');
    const api = broker(system, options);
    const machine_id = machine === undefined ? undefined : await machineId(api, machine);
    const body = { ...bodyOf(profileFields, options), machine_id };
    if (dryRun) return printDryRun(system, json, (query) => api.post('profiles', body, query));
    const revision = accepted(await api.post('profiles', body)) as ProfileRevision;
    system.stdout.write(json ? jsonLine(revision) : sentence(revision, machine_id));
  });
}

function sentence(revision: ProfileRevision, machine: string | undefined): string {
  const boots = machine ? `; machine ${machine} boots it from now on` : '';
  return `${printable(`profile ${revision.name} has the new revision ${revision.id}${boots}`)}\n`;
}
