import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The figures of one run, by name. */
export interface Run {
  /** RFC 3339. */
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  /** Load of the machine, before and after. */
  readonly load: readonly (number | undefined)[];
  readonly figures: Readonly<Record<string, number>>;
}

/** Runs that are kept: the newest. */
const mostRuns = 20;

export function readHistory(file: string): readonly Run[] {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

export function addToHistory(file: string, run: Run): void {
  const runs = [...readHistory(file), run].slice(-mostRuns);
  // A line each, so that one more is one line of difference.
  writeFileSync(file, `[\n${runs.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
}

/** Every number in tables of tables, by its path. */
export function figuresIn(tables: object, path: readonly string[] = []): Readonly<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const [name, value] of Object.entries(tables)) {
    const here = [...path, name];
    if (typeof value === 'number') figures[here.join(' / ')] = value;
    else if (typeof value === 'object' && value !== null) Object.assign(figures, figuresIn(value, here));
  }
  return figures;
}

/** What both runs have, then and now, and how much more or less it is, in percent. */
export function compared(before: Run, now: Run) {
  const common = Object.keys(now.figures).filter((name) => name in before.figures);
  return Object.fromEntries(
    common.map((name) => {
      const [was = 0, is = 0] = [before.figures[name], now.figures[name]];
      return [name, { before: was, now: is, percent: was === 0 ? 0 : Math.round((is / was - 1) * 100) }];
    }),
  );
}
