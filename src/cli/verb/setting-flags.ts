import { type Command, Option } from 'commander';
import type { Flags, SettingInfo } from './system.ts';

/** Makes every setting a flag of the command; what was given then comes back by the names of the settings. */
export function settingFlags(
  command: Command,
  settings: readonly SettingInfo[],
): (given: Readonly<Record<string, string | undefined>>) => Flags {
  const options = settings.map((setting) => {
    const secret = setting.secret
      ? ` Others can see flags: prefer ${setting.name} or ${setting.name}_FILE.`
      : '';
    const initial = setting.default ? ` (default: ${setting.default})` : '';
    const option = new Option(`${setting.flag} <value>`, `${setting.about}${secret}${initial}`);
    command.addOption(option);
    return { name: setting.name, attribute: option.attributeName() };
  });
  return (given) => Object.fromEntries(options.map(({ name, attribute }) => [name, given[attribute]]));
}
