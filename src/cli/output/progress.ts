import { printable } from '../verb/printable.ts';
import type { Output } from '../verb/system.ts';
import { bytes, duration } from './units.ts';

/** One line that is drawn over and over; nothing at all where nobody watches. */
export interface Progress {
  at(label: string, done: number, total: number): void;
  note(text: string): void;
  /** Wipes the line. */
  end(): void;
}

const drawEveryMs = 100;
const rateOverMs = 5000;

export function progress(output: Output, clock: () => Date, quiet: boolean): Progress {
  if (!output.isTTY || quiet) return { at() {}, note() {}, end() {} };
  let current = '';
  let drawn = 0;
  let samples: { readonly at: number; readonly done: number }[] = [];
  const draw = (line: string) =>
    output.write(`\r${[...printable(line)].slice(0, (output.columns || 80) - 1).join('')}\u001b[K`);
  return {
    at(label, done, total) {
      const now = clock().getTime();
      if (label !== current || done < (samples.at(-1)?.done ?? 0)) samples = [];
      if (now - drawn < drawEveryMs && done !== total && label === current) return;
      current = label;
      drawn = now;
      samples = [...samples.filter((sample) => now - sample.at <= rateOverMs), { at: now, done }];
      draw(progressLine({ label, done, total, rate: rateOf(samples) }));
    },
    note: draw,
    end: () => {
      if (current !== '') output.write('\r\u001b[K');
      current = '';
    },
  };
}

function rateOf(samples: readonly { at: number; done: number }[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  return first && last && last.at > first.at ? ((last.done - first.done) * 1000) / (last.at - first.at) : 0;
}

/** `sending  [#####.....]  50%  10.0 MiB of 20.0 MiB  5.0 MiB/s  0:02 left`; `rate` is bytes a second, 0: not known yet. */
export function progressLine(now: {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly rate: number;
}): string {
  const share = now.total === 0 ? 1 : now.done / now.total;
  const filled = Math.floor(share * 10);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(10 - filled)}]`;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const amount = `${bytes(now.done)} of ${bytes(now.total)}`;
  const pace =
    now.rate > 0
      ? `  ${bytes(Math.round(now.rate))}/s  ${duration((now.total - now.done) / now.rate)} left`
      : '';
  return `${now.label}  ${bar} ${percent}  ${amount}${pace}`;
}
