import type { Command } from 'commander';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { machineId } from '../../broker/named.ts';
import { printDryRun } from '../../output/dry-run.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { collect, pair } from '../../verb/options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly name: string;
  readonly machine?: string;
  readonly kernel?: string;
  readonly initrd?: readonly string[];
  readonly cmdline?: string;
  readonly efi?: string;
  readonly iso?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly arch?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function profileCreate(command: Command, outside: System): void {
  brokerOptions(
    example(command, [
      'bootbroker profile create --name debian --machine 52:54:00:12:34:56 \\',
      '    --kernel debian-12@6.1 --initrd debian-12@6.1 --cmdline "console=ttyS0"',
    ])
      .requiredOption('--name <name>', 'name of the profile; each call makes a new revision of it')
      .option('--machine <id-or-mac>', 'the machine that boots it')
      .option('--kernel <name@version>', 'the kernel')
      .option('--initrd <name@version>', 'an initrd; several times for several, in this order', collect)
      .option('--cmdline <text>', 'command line of the kernel; {{ labels.rack }} and the like are filled in')
      .option('--efi <name@version>', 'an EFI program, instead of a kernel')
      .option('--iso <name@version>', 'an ISO image, instead of a kernel')
      .option('--arch <arch>', "its architecture; unset: the machine's, else x86_64")
      .option('--metadata <key=value>', 'kept with the revision; several times for several', pair)
      .option('--dry-run', 'only say which machines would change, and how'),
  ).action(async ({ machine, initrd, json, dryRun, ...options }: Options) => {
    const { name, kernel, cmdline, efi, iso, metadata, arch } = options;
    const api = broker(outside, options);
    const machine_id = machine === undefined ? undefined : await machineId(api, machine);
    const body = { name, machine_id, kernel, efi, iso, initrds: initrd ?? [], cmdline, metadata, arch };
    if (dryRun) return printDryRun(outside, json, (query) => api.post('profiles', body, query));
    const revision = accepted(await api.post('profiles', body)) as ProfileRevision;
    outside.stdout.write(json ? jsonLine(revision) : sentence(revision, machine_id));
  });
}

function sentence(revision: ProfileRevision, machine: string | undefined): string {
  const boots = machine ? `; machine ${machine} boots it from now on` : '';
  return `${printable(`profile ${revision.name} has the new revision ${revision.id}${boots}`)}\n`;
}
