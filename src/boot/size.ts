const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  ...Object.fromEntries(
    [...'kmgtp'].flatMap((letter, at) => [
      [`${letter}ib`, 1024 ** (at + 1)], // IEC 80000-13
      [`${letter}b`, 1000 ** (at + 1)],
    ]),
  ),
};

/** Bytes of `64GiB`, `64 GB` or `65536`; undefined when that is no size, or more than a double holds exactly. */
export function parseSize(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,16}) ?([a-z]{0,3})$/i.exec(text.trim()) ?? [];
  const factor = count === '' ? undefined : units[unit.toLowerCase()];
  const bytes = Number(count) * (factor ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** In the largest unit that says it exactly: `64 GiB`, `1000 B`. */
export function sizeText(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let step = 0;
  let value = bytes;
  while (value > 0 && value % 1024 === 0 && step < names.length - 1) {
    value /= 1024;
    step++;
  }
  return `${value} ${names[step]}`;
}
