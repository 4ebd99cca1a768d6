import { CommanderError } from 'commander';
import { exitCodes, Failure } from './verb/failure.ts';
import { jsonLine, printable } from './verb/printable.ts';

/** What ended a command, as text or as one line of JSON for stderr, and its exit code. */
export function report(error: unknown, json: boolean): { readonly exitCode: number; readonly text: string } {
  if (error instanceof CommanderError) return reportUsage(error, json);
  const failure =
    error instanceof Failure
      ? error
      : new Failure('failed', error instanceof Error ? error.message : String(error));
  const exitCode = exitCodes[failure.kind];
  const { message, problem, details } = failure;
  if (json)
    return {
      exitCode,
      text: jsonLine({
        error: { exit_code: exitCode, message, problem, ...(details.length > 0 && { details }) },
      }),
    };
  const told = details.length > 0 ? details : (problem?.errors ?? []).filter(isNews(message)).map(errorLine);
  const lines = told.map((one) => `  ${printable(one)}\n`);
  return { exitCode, text: `bootbroker: ${printable(message)}\n${lines.join('')}` };
}

/** Commander has printed help and version by itself. */
function reportUsage(error: CommanderError, json: boolean) {
  if (error.exitCode === 0) return { exitCode: 0, text: '' };
  if (error.code === 'commander.help') return { exitCode: exitCodes.usage, text: '' };
  const message = error.message.replace(/^error: |\.$/g, '').replaceAll('\n', ' ');
  return report(new Failure('usage', `${message}; --help shows what it takes`), json);
}

/** Most details say the first mistakes themselves. */
function isNews(message: string): (error: unknown) => boolean {
  return (error) => {
    const { detail } = (error ?? {}) as { detail?: unknown };
    return typeof detail !== 'string' || !message.includes(detail);
  };
}

function errorLine(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { pointer, detail } = error as { pointer?: unknown; detail?: unknown };
  if (typeof detail !== 'string') return JSON.stringify(error);
  return pointer ? `${pointer}: ${detail}` : detail;
}
