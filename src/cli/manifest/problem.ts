import { Failure, type ProblemDocument } from '../verb/failure.ts';

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

/** `file:line:column: what is wrong`. */
export function placed({ at, message }: Mistake): string {
  return `${at.file}:${at.line}:${at.column}: ${message}`;
}

const shown = 50;

/** Ends the command with all mistakes, each as `file:line:column: what is wrong`. */
export function mistaken(mistakes: readonly Mistake[]): Failure {
  const lines = mistakes.slice(0, shown).map(placed);
  const more = mistakes.length > shown ? [`and ${mistakes.length - shown} more`] : [];
  const [first = '', ...rest] = [...lines, ...more];
  if (rest.length === 0) return new Failure('usage', first);
  return new Failure('usage', `${mistakes.length} mistakes, and nothing was changed`, {
    details: [first, ...rest],
  });
}

type Place = (section: string, index: number, rest: readonly (string | number)[]) => Position | undefined;

/** A broker's refusal, each part of it with its place in the files. */
export function refusedParts(problem: ProblemDocument, place: Place): Failure {
  const errors = (problem.errors ?? []).flatMap((one): readonly string[] => {
    const { pointer, detail } = one as { pointer?: unknown; detail?: unknown };
    if (typeof pointer !== 'string' || typeof detail !== 'string') return [];
    const [section = '', index = '', ...rest] = steps(pointer);
    const at = place(
      section,
      Number(index),
      rest.map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
    );
    return [at ? placed({ at, message: hinted(detail) }) : section ? `${pointer}: ${detail}` : detail];
  });
  if (errors.length === 0) return new Failure('refused', problem.detail ?? problem.title, { problem });
  const message = `${problem.title.toLowerCase()}, and nothing was changed`;
  return new Failure('refused', message, { problem, details: errors });
}

/** RFC 6901 section 6. */
function steps(pointer: string): string[] {
  return pointer
    .replace(/^#\/?/, '')
    .split('/')
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** In YAML `12` is a number and `yes` a text. */
function hinted(detail: string): string {
  return /expected string, received (number|boolean)/.test(detail) ? `${detail}; put it in quotes` : detail;
}
