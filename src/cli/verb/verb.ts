import type { Command } from 'commander';

/** A command with what every one of them has: --json, an example, the exit codes. */
export function verb(
  parent: Command,
  nameAndArguments: string,
  about: string,
  example: readonly string[],
  exitCodes = exitCodesHelp,
): Command {
  return parent
    .command(nameAndArguments)
    .description(about)
    .option('--json', 'print JSON, and errors as JSON on stderr')
    .addHelpText('after', ['', 'Example:', ...example.map((line) => (line ? `  ${line}` : ''))].join('\n'))
    .addHelpText('after', `\n${exitCodes}`);
}

export const exitCodesHelp = `Exit codes:
  0 done, 1 refused by the broker, 2 wrong usage, 3 the broker cannot be reached
  or something failed, 130 interrupted`;
