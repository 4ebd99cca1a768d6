import type { Command } from 'commander';
import type { System } from './system.ts';

/** Adds to a verb's command its options, its example, and what it does. `exit` is told an exit code other than 0. */
export type Verb = (command: Command, system: System, exit: (code: number) => void) => void;

/** Ends a verb's help with an example and its exit codes. */
export function example(command: Command, lines: readonly string[], exitCodes = exitCodesHelp): Command {
  return command
    .addHelpText('after', ['', 'Example:', ...lines.map((line) => (line ? `  ${line}` : ''))].join('\n'))
    .addHelpText('after', `\n${exitCodes}`);
}

export const exitCodesHelp = `Exit codes:
  0 done, 1 refused by the broker, 2 wrong usage, 3 the broker cannot be reached
  or something failed, 130 interrupted`;
