import type { Command } from 'commander';
import { type ApplyOptions, applyState } from '../apply/apply-state.ts';
import { type BrokerOptions, broker, brokerOptions } from '../broker/broker.ts';
import { readManifest } from '../manifest/gather.ts';
import { pushing } from '../push/push-file.ts';
import { interruptible } from '../verb/interrupt.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

interface Options extends BrokerOptions, ApplyOptions {
  readonly file: string;
}

export const applyExitCodes = `Exit codes:
  0 done, or nothing to do, 1 refused by the broker, 2 wrong usage or mistakes
  in the files, 3 the broker cannot be reached or something failed, 4 there are
  changes (--dry-run --detailed-exitcode), 130 interrupted`;

export function apply(command: Command, system: System, exit: (code: number) => void): void {
  brokerOptions(
    applyFlags(
      example(
        command,
        [
          'bootbroker apply -f site/ --dry-run',
          '',
          'Files of assets that the broker lacks are pushed first. Applying the same',
          'files again changes nothing.',
        ],
        applyExitCodes,
      ).requiredOption('-f, --file <path>', 'a YAML file, a folder of them, or - for standard input'),
    ),
  ).action(({ file, ...options }: Options) =>
    interruptible('run the same command again; nothing was written by half', async (signal) => {
      const manifest = readManifest(file);
      const api = broker(system, options, signal);
      await pushing(system, api, { signal, quiet: options.json === true }, (by) =>
        applyState(manifest, options, { by, system, exit }),
      );
    }),
  );
}

export function applyFlags(command: Command): Command {
  return command
    .option('--dry-run', 'only show what would change')
    .option('--prune', 'delete machines and rules that an earlier apply made and that no file names now')
    .option('--detailed-exitcode', 'with --dry-run: exit code 4 when there are changes');
}
