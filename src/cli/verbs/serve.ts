import type { Command } from 'commander';
import { wrongSettings } from '../broker/broker.ts';
import { settingFlags } from '../verb/options.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

/** Every setting is a flag; `exit` is told the exit code. */
export function serve(command: Command, system: System, exit: (code: number) => void): void {
  example(command, ['bootbroker serve --data-dir /var/lib/bootbroker']);
  const flagsOf = settingFlags(command, system.settings);
  command.action(async (given: Readonly<Record<string, string | undefined>>) => {
    const flags = flagsOf(given);
    const settings = system.readSettings(flags);
    if ('mistakes' in settings) throw wrongSettings(settings.mistakes);
    exit(await system.serve(flags));
  });
}
