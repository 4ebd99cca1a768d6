import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { archNames, parseArchName } from '../../boot/asset/arch.ts';
import { type Arch, assetKinds, isName, isVersion } from '../../boot/asset/asset-name.ts';
import { Failure } from './failure.ts';
import type { Flags, SettingInfo } from './system.ts';

/** An option's whole number; what it may be the broker says. */
export function wholeNumber(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

/** Adds one more value to an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Adds one `KEY=VALUE` to an option that may be given several times. */
export function pair(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** The content of a JSON file that an option names. */
export function jsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(`Give the path of a JSON file: ${(error as Error).message}`);
  }
}

export function kindOption(): Option {
  return new Option('--kind <kind>', 'what it is').choices(assetKinds);
}

/** An architecture in any of its spellings. */
export function archOption(about: string): Option {
  return new Option('--arch <arch>', `${about}: ${archNames}`).argParser((text: string): Arch => {
    const arch = parseArchName(text);
    if (!arch) throw new InvalidArgumentError(`Write ${archNames}.`);
    return arch;
  });
}

export function verifyOption(): Option {
  return new Option(
    '--verify <level>',
    'full: the broker hashes it even if it does not boot, as a rootfs or a file',
  ).choices(['full']);
}

/** Names and versions are checked before the broker is asked. */
export function assertNamed(name: string, version: string): void {
  const fault = nameFault('--name', name) ?? versionFault('--version', version);
  if (fault) throw new Failure('usage', fault);
}

/** What is wrong with a name, which `what` gives. */
export function nameFault(what: string, text: string): string | undefined {
  if (isName(text)) return undefined;
  return `${what} ${text} is no name; use up to 128 letters, digits, dots, dashes and underscores`;
}

export function versionFault(what: string, text: string): string | undefined {
  if (isVersion(text)) return undefined;
  return `${what} ${text} is no version; use up to 128 letters, digits, and . _ + ~ : -`;
}

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
