import { round } from './statistics.ts';

/** A figure of the tables, or one by another, and what it should be. */
interface Target {
  /** Path of the figure, as the history has it. */
  readonly figure: string;
  /** What it is divided by. */
  readonly by?: string;
  readonly least?: number;
  readonly most?: number;
}

/** The large storms, and the small one beside which a boot may cost a fifth more there, at most. */
const flat: Readonly<Record<string, string>> = {
  '10000 machines, embedded': '1000 machines, embedded',
  '1000 machines, 100000 known, embedded': '1000 machines, embedded',
  '10000 machines, gcp': '1000 machines, gcp',
  '1000 machines, 100000 known, gcp': '1000 machines, gcp',
};
const costs = ['cpu_ms', 'bytes', 'events', 'documents_read', 'documents_written'];

const targets: readonly Target[] = [
  { figure: 'rates_64 / redirect / to_matchbox', least: 0.8 },
  { figure: 'rates_64 / machine script / to_matchbox', least: 0.8 },
  { figure: 'rates_64 / chain script / to_koa_script', least: 0.55 },
  // The same by processor time, which others on the machine do not change as they change rates.
  { figure: 'rates_64 / matchbox / cpu_us', by: 'rates_64 / redirect / cpu_us', least: 0.8 },
  { figure: 'rates_64 / matchbox / cpu_us', by: 'rates_64 / machine script / cpu_us', least: 0.8 },
  { figure: 'rates_64 / koa, script / cpu_us', by: 'rates_64 / chain script / cpu_us', least: 0.55 },
  { figure: 'rates_64 / redirect / p99_ms', by: 'rates_64 / koa, redirect / p99_ms', most: 2 },
  { figure: 'rates_64 / machine script / p99_ms', by: 'rates_64 / koa, script / p99_ms', most: 2 },
  { figure: 'rates_64 / redirect / syncs_per_event', most: 0.5 },
  { figure: 'rates_64 / machine script / syncs_per_event', most: 0.5 },
  { figure: 'rates_64 / redirect / folded', most: 0 },
  { figure: 'rates_64 / machine script / folded', most: 0 },
  { figure: 'waits / machine script / open_p50_ms', most: 20 },
  { figure: 'waits / machine script / open_p99_ms', most: 200 },
  { figure: 'waits / machine script / closed_p50_to_least', most: 2 },
  { figure: 'streams_1 / broker, stream / to_nginx_64k', least: 0.9 },
  { figure: 'streams_16 / broker, stream / to_nginx_64k', least: 0.9 },
  { figure: 'stream_memory / broker / slow_kib_each', most: 100 },
  ...['cold', 'warm'].flatMap((how): Target[] => [
    { figure: `storm / 1000 machines, embedded, ${how} / errors`, most: 0 },
    { figure: `storm / 1000 machines, embedded, ${how} / last_boot_s`, most: 2 },
    { figure: `storm / 1000 machines, embedded, ${how} / syncs_per_event`, most: 1 },
  ]),
  // Beside the two of a machine, some few for all of them together: the rules, the profile, what is damaged.
  { figure: 'storm / 1000 machines, embedded, cold / reads', most: 2.01 },
  { figure: 'storm / 1000 machines, embedded, warm / reads', most: 0 },
  ...Object.entries(flat).flatMap(([large, small]) =>
    costs.map((cost) => ({
      figure: `storm / ${large}, warm / ${cost}`,
      by: `storm / ${small}, warm / ${cost}`,
      most: 1.2,
    })),
  ),
];

/**
 * What was aimed at, beside what was reached, of the tables that this run has. A figure that such a table lacks (Matchbox, where its
 * program is not named) stands there as not measured: it does not pass in silence.
 */
export function judged(figures: Readonly<Record<string, number>>) {
  const measured = new Set(Object.keys(figures).map(rowsOf));
  return Object.fromEntries(
    targets
      .filter(({ figure, by }) => measured.has(rowsOf(figure)) && (!by || measured.has(rowsOf(by))))
      .map((target) => [nameOf(target), verdictOf(target, figures)]),
  );
}

/** Title and row: that is there or not as a whole. */
const rowsOf = (path: string) => path.slice(0, path.lastIndexOf(' / '));

const nameOf = ({ figure, by }: Target) => (by ? `${figure} : ${by.split(' / ').at(-2)}` : figure);

function verdictOf({ figure, by, least, most }: Target, figures: Readonly<Record<string, number>>) {
  const wanted = least === undefined ? `at most ${most}` : `at least ${least}`;
  const [value, divisor] = [figures[figure], by === undefined ? 1 : figures[by]];
  if (value === undefined || divisor === undefined) return { reached: 'not measured', wanted, verdict: '-' };
  // Where nothing was needed before, nothing more is what is wanted.
  const reached = divisor === 0 ? (value === 0 ? 1 : Number.POSITIVE_INFINITY) : value / divisor;
  const isGood =
    reached >= (least ?? Number.NEGATIVE_INFINITY) && reached <= (most ?? Number.POSITIVE_INFINITY);
  return { reached: round(reached, 3), wanted, verdict: isGood ? 'pass' : 'FAIL' };
}
