import type { BootEntry } from '../../../boot/history/boot-entry.ts';
import type { PendingMachine } from '../../../boot/machine/pending-machine.ts';

/** Something that the writer of `boots.db` is to do. */
export type Task =
  | { readonly kind: 'record'; readonly entry: BootEntry }
  /** Machines that nobody has registered: seen again, and gone. */
  | {
      readonly kind: 'pending';
      readonly seen: readonly PendingMachine[];
      readonly gone: readonly string[];
    }
  /** All boots of machines that are there no more. */
  | { readonly kind: 'forget'; readonly machines: readonly string[] }
  /** All boots that began earlier. RFC 3339. */
  | { readonly kind: 'expire'; readonly before: string };

/** What the thread is started with. */
export interface WriterOptions {
  readonly file: string;
  /** The database of the records: earlier versions kept loose events there. */
  readonly records: string;
  readonly keepDays: number;
}

/** What the thread is told. Tasks are numbered, from `first` on. */
export type Told =
  | { readonly kind: 'tasks'; readonly first: number; readonly tasks: readonly Task[] }
  /** Asks whether another process has written. */
  | { readonly kind: 'look' }
  | { readonly kind: 'close' };

/** The last boot of a machine, as JSON; undefined: what was known of it is not true any more. */
export type LastBoot = readonly [machineId: string, body: string | undefined];

/** What the thread says. */
export type Said =
  /** The file is there, with all that was carried over. */
  | { readonly kind: 'ready' }
  /** These tasks are on disk, and after them these boots are their machines' last. */
  | {
      readonly kind: 'done';
      readonly first: number;
      readonly count: number;
      readonly last: readonly LastBoot[];
    }
  | { readonly kind: 'failed'; readonly first: number; readonly count: number; readonly message: string }
  /** Another process has written: whatever was said of last boots may be outdated. */
  | { readonly kind: 'others' }
  /** What another process had written when it was asked to look has been said. */
  | { readonly kind: 'looked' }
  | { readonly kind: 'disk'; readonly state: 'ok' | 'full' };
