import { printable } from '../verb/printable.ts';
import type { Output } from '../verb/system.ts';

/** Columns two spaces apart. Cells are made printable; with `wrap` no column is wider than that many characters. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  wrap = Number.POSITIVE_INFINITY,
): string {
  return laidOut([titles, ...rows].map((row) => row.map((cell) => folded(printable(cell), wrap))));
}

/** The same for a screen: folded so that no line is broken by the terminal. Elsewhere a row stays one line. */
export function tableOn(
  output: Output,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const { columns } = output;
  if (!output.isTTY || !columns) return table(titles, rows);
  const cells = [titles, ...rows].map((row) => row.map(printable));
  const natural = titles.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const widths = fitting(natural, titles, columns);
  return laidOut(
    cells.map((row) =>
      row.map((cell, column) => {
        const width = widths[column] ?? 1;
        return folded(cell, width).flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? ['']);
      }),
    ),
  );
}

const between = '  ';
const narrowest = 8;

/** Takes from the widest column until all fit; ids are meant to be copied, and give way last. */
function fitting(natural: readonly number[], titles: readonly string[], room: number): readonly number[] {
  const widths = [...natural];
  const isId = (column: number) => /\b(ID|REVISION)$/.test(titles[column] ?? '');
  const total = () => widths.reduce((sum, width) => sum + width, between.length * (widths.length - 1));
  while (total() > room) {
    const shrinkable = widths.flatMap((width, column) => (width > narrowest ? [column] : []));
    const texts = shrinkable.filter((column) => !isId(column));
    const from = texts.length > 0 ? texts : shrinkable;
    const widest = from.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Each cell is its lines. */
function laidOut(cells: readonly (readonly (readonly string[])[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.flatMap((row) => (row[column] ?? []).map((line) => line.length))),
  );
  return cells
    .flatMap((row) => {
      const height = Math.max(...row.map((lines) => lines.length));
      return Array.from({ length: height }, (_, line) =>
        widths
          .map((width, column) => (row[column]?.[line] ?? '').padEnd(width))
          .join(between)
          .trimEnd(),
      );
    })
    .map((line) => `${line}\n`)
    .join('');
}

/** Broken after a space or a comma; a word that is too long by itself stays whole. */
function folded(cell: string, wrap: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of cell.match(/[^ ,]*[ ,]?/g) ?? []) {
    if (line !== '' && (line + word).trimEnd().length > wrap) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line.trimEnd()];
}
