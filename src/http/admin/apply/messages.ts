import type { Actor } from '../../../boot/access/actor.ts';
import type { AuditEntry } from '../../../boot/access/audit.ts';
import type { BootPolicy } from '../../../boot/boot-request.ts';
import type { Refusal } from '../../../boot/problem.ts';
import type { Change, Conflict } from '../../../records/records.ts';
import type { ApplyRecords } from './read-current.ts';

/** One apply, as the worker gets it. */
export interface Job {
  /** The body as it came. */
  readonly bytes: Uint8Array;
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly by: Actor;
  readonly policy: BootPolicy;
}

/** The answer as JSON in UTF-8, for the eyes of whoever asked. */
export interface Answer {
  readonly kind: 'answer';
  readonly json: Uint8Array;
  /** What they may not see is masked. */
  readonly isMasked: boolean;
}

/** The answer, or why there is none. */
export type Outcome = Answer | Refusal;

/** What the worker has of the broker: its records and its clock stay where they are, and are asked. */
export interface Surroundings {
  readonly records: ApplyRecords;
  /** RFC 3339. */
  now(): Promise<string>;
  /** `answer` is what is to be answered once this is written. */
  write(
    changes: readonly Change[],
    audit: readonly AuditEntry[],
    answer: Answer,
  ): Promise<'written' | Conflict>;
}

/** What the worker may ask, by name; all else of the records is none of its business. */
const askable: Readonly<Record<keyof ApplyRecords, true>> = {
  findMachine: true,
  machine: true,
  rulebook: true,
  profile: true,
  newestProfile: true,
  asset: true,
  namedAsset: true,
  newestAsset: true,
  imageAssets: true,
  damagedAssets: true,
  listMachines: true,
  listRules: true,
};
export const reads = Object.keys(askable) as readonly (keyof ApplyRecords)[];

export type Question =
  | { readonly method: (typeof reads)[number]; readonly args: readonly unknown[] }
  | { readonly method: 'now'; readonly args: readonly [] }
  | { readonly method: 'write'; readonly args: Parameters<Surroundings['write']> };

export type FromWorker =
  | { readonly kind: 'question'; readonly n: number; readonly question: Question }
  | { readonly kind: 'done'; readonly outcome: Outcome }
  /** What it read cannot be so: a store is not as it should be. */
  | { readonly kind: 'down'; readonly store: 'records' | 'storage'; readonly why: string };

export type ToWorker =
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'answer'; readonly n: number; readonly value: unknown };
