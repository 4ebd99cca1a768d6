import { Failure } from '../failure.ts';

/** Where something stands in a file; both counted from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong in the files, and where. */
export interface Mistake {
  readonly at: Position;
  readonly message: string;
}

const shown = 50;

/** Ends the command with all mistakes, each as `file:line:column: what is wrong`. */
export function mistaken(mistakes: readonly Mistake[]): Failure {
  const lines = mistakes
    .slice(0, shown)
    .map(({ at, message }) => `${at.file}:${at.line}:${at.column}: ${message}`);
  const more = mistakes.length > shown ? [`and ${mistakes.length - shown} more`] : [];
  const [first = '', ...rest] = [...lines, ...more];
  if (rest.length === 0) return new Failure('usage', first);
  return new Failure('usage', `${mistakes.length} mistakes, and nothing was changed`, {
    details: [first, ...rest],
  });
}
