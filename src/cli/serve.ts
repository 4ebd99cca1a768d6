import { type Command, Option } from 'commander';
import { wrongSettings } from './broker.ts';
import type { Outside } from './outside.ts';
import { verb } from './verb.ts';

/** Every setting is a flag; `exit` is told the exit code. */
export function serve(parent: Command, outside: Outside, exit: (code: number) => void): void {
  const command = verb(parent, 'serve', 'Run the broker. Each flag overrides its environment variable.', [
    'bootbroker serve --data-dir /var/lib/bootbroker',
  ]);
  const options = outside.settings.map((setting) => {
    const secret = setting.secret
      ? ` Others can see flags: prefer ${setting.name} or ${setting.name}_FILE.`
      : '';
    const initial = setting.default ? ` (default: ${setting.default})` : '';
    const option = new Option(`${setting.flag} <value>`, `${setting.about}${secret}${initial}`);
    command.addOption(option);
    return { name: setting.name, attribute: option.attributeName() };
  });
  command.action(async (given: Readonly<Record<string, string | undefined>>) => {
    const flags = Object.fromEntries(options.map(({ name, attribute }) => [name, given[attribute]]));
    const settings = outside.readSettings(flags);
    if ('mistakes' in settings) throw wrongSettings(settings.mistakes);
    exit(await outside.serve(flags));
  });
}
