import { printable } from './printable.ts';

/** Columns two spaces apart. Cells are made printable; with `wrap` no column is wider than that many characters. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  wrap = Number.POSITIVE_INFINITY,
): string {
  const cells = [titles, ...rows].map((row) => row.map((cell) => folded(printable(cell), wrap)));
  const widths = titles.map((_, column) =>
    Math.max(...cells.flatMap((row) => (row[column] ?? []).map((line) => line.length))),
  );
  return cells
    .flatMap((row) => {
      const height = Math.max(...row.map((lines) => lines.length));
      return Array.from({ length: height }, (_, line) =>
        widths
          .map((width, column) => (row[column]?.[line] ?? '').padEnd(width))
          .join('  ')
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
