import type { Command } from 'commander';
import { wrongSettings } from '../broker/broker.ts';
import { settingFlags } from '../verb/setting-flags.ts';
import type { Outside } from '../verb/system.ts';
import { verb } from '../verb/verb.ts';

/** Every setting is a flag; `exit` is told the exit code. */
export function serve(parent: Command, outside: Outside, exit: (code: number) => void): void {
  const command = verb(parent, 'serve', 'Run the broker. Each flag overrides its environment variable.', [
    'bootbroker serve --data-dir /var/lib/bootbroker',
  ]);
  const flagsOf = settingFlags(command, outside.settings);
  command.action(async (given: Readonly<Record<string, string | undefined>>) => {
    const flags = flagsOf(given);
    const settings = outside.readSettings(flags);
    if ('mistakes' in settings) throw wrongSettings(settings.mistakes);
    exit(await outside.serve(flags));
  });
}
