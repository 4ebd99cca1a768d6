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

/** What the thread says. */
export type Said =
  /** The file is there, with all that was carried over. */
  | { readonly kind: 'ready' }
  /** These tasks are on disk. */
  | { readonly kind: 'done'; readonly tasks: readonly number[] }
  | { readonly kind: 'failed'; readonly tasks: readonly number[]; readonly message: string }
  | { readonly kind: 'disk'; readonly state: 'ok' | 'full' };
