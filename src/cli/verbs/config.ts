import { type Command, Option } from 'commander';
import { table } from '../output/table.ts';
import { jsonLine } from '../verb/printable.ts';
import type { SettingInfo, System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

const titles = ['Setting', 'Flag', 'Default', 'What it is'] as const;

export function config(command: Command, system: System): void {
  example(command, ['bootbroker config --markdown'])
    .addOption(new Option('--markdown', 'as the table in docs/reference/settings.md').conflicts('json'))
    .action((options: { readonly json?: true; readonly markdown?: true }) => {
      const { settings, stdout } = system;
      if (options.json) stdout.write(jsonLine({ settings: settings.map(asJson) }));
      else if (options.markdown) stdout.write(markdown(settings));
      else stdout.write(table(titles, settings.map(row), 44));
    });
}

/** The table of docs/reference/settings.md. */
function markdown(settings: readonly SettingInfo[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  const code = (text: string) => (text === '' ? '' : `\`${text}\``);
  const body = settings.map((setting) => {
    const [name = '', flag = '', initial = '', about = ''] = row(setting);
    return line([code(name), code(flag), code(initial), about]);
  });
  return line(titles) + line(titles.map(() => '---')) + body.join('');
}

function row({ name, flag, default: initial, about, secret }: SettingInfo): readonly string[] {
  return [name, flag, initial ?? '', secret ? `${about} Secret; also as a file: ${name}_FILE.` : about];
}

function asJson({ default: initial, ...setting }: SettingInfo) {
  return { ...setting, default: initial ?? null };
}
