import type { Command } from 'commander';
import { wrongSettings } from '../broker/broker.ts';
import { exitCodes } from '../verb/failure.ts';
import { interruptible } from '../verb/interrupt.ts';
import { settingFlags } from '../verb/options.ts';
import { jsonLine, printable } from '../verb/printable.ts';
import type { Finding, System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

type Given = Readonly<Record<string, string | undefined>> & { readonly json?: true };

const exitCodesHelp = `Exit codes:
  0 no check failed, 1 a check failed, 2 wrong usage or settings, 3 the checks
  themselves failed, 130 interrupted`;

/** Prints a line for each check as it is made; `exit` is told the exit code. */
export function doctor(command: Command, system: System, exit: (code: number) => void): void {
  example(
    command,
    [
      'bootbroker doctor --data-dir /var/lib/bootbroker',
      '',
      'Give it the settings that serve has, and run it as the same user; a broker',
      'may run meanwhile. What it writes it deletes again.',
    ],
    exitCodesHelp,
  );
  const flagsOf = settingFlags(command, system.settings);
  command.action(async ({ json, ...given }: Given) => {
    const flags = flagsOf(given);
    const settings = system.readSettings(flags);
    if ('mistakes' in settings) throw wrongSettings(settings.mistakes);
    const findings: Finding[] = [];
    await interruptible('what it made was deleted again', async (signal) => {
      for await (const finding of system.diagnose(flags)) {
        signal.throwIfAborted();
        findings.push(finding);
        if (!json) system.stdout.write(line(finding));
      }
    });
    if (json) system.stdout.write(jsonLine({ checks: findings }));
    exit(findings.some(({ state }) => state === 'fail') ? exitCodes.refused : 0);
  });
}

/** Columns without a table: a line stands there before the next check is made. */
function line({ check, state, text }: Finding): string {
  return `${state.padEnd(8)}${check.padEnd(16)}${printable(text)}\n`;
}
