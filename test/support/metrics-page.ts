/** What a page of metrics says of one. */
export interface Described {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Without the `le` of a histogram's buckets. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus text format 0.0.4, as far as the broker writes it. */
export function readMetrics(page: string): readonly Described[] {
  return page
    .trim()
    .split(/\n(?=# HELP )/)
    .map((part) => {
      const [help = '', type = '', ...lines] = part.split('\n').filter((line) => line !== '');
      const [, name = '', text = ''] = /^# HELP (\S+) (.*)$/.exec(help) ?? [];
      return { name, help: text, type: type.split(' ')[3] ?? '', samples: lines.map(sampleOf) };
    });
}

function sampleOf(line: string): Sample {
  const [, labels = '', value = ''] = /^[^{ ]+(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  const own = pairs.filter(([, name]) => name !== 'le');
  return { labels: Object.fromEntries(own.map(([, name, text]) => [name, text])), value: Number(value) };
}

/** The sum of the samples that have these labels. */
export function sumOf(page: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = readMetrics(page).find((one) => one.name === name);
  const fitting = found?.samples.filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  return fitting?.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN;
}
