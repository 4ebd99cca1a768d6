import { type BootRecord, type BootStep, withLeftOut, withStep } from './boot-record.ts';

/** Something that happened in a machine's boot, on its way into the record. */
export interface BootEntry {
  readonly machine_id: string;
  /** The boot that its URL names, which is a claim; or that its script begins. */
  readonly boot?: string;
  /** The revision of the script or asset; absent for a report. */
  readonly revision?: string;
  /** Whether it is known that the machine was to have that revision: else only a boot that its script began says so. */
  readonly owned: boolean;
  /** Absent where there is only to say how much was left out. */
  readonly step?: BootStep;
  /** How many steps before it came too fast to be written. */
  readonly left_out?: number;
  /** The id of the boot that it begins, if it belongs to none. UUIDv7. */
  readonly fresh: string;
}

/** What the records have of the boot that an entry names, and of its machine's last one. */
export interface Stored {
  readonly named: BootRecord | undefined;
  readonly last: BootRecord | undefined;
}

/** The record of the boot with this entry. Undefined: nothing is to be written. */
export function recorded(entry: BootEntry, stored: Stored): BootRecord | undefined {
  const { step, left_out = 0, owned } = entry;
  const { revision: _, ...unclaimed } = entry;
  const before =
    bootOf(entry, stored) ?? (owned ? begun(entry) : (bootOf(unclaimed, stored) ?? begun(unclaimed)));
  if (!before) return undefined;
  const after = withLeftOut(before, left_out);
  return step ? withStep(after, step) : after;
}

/**
 * The boot that it happened in: the one that its URL names, if that is this machine's; else the machine's last, but for what is
 * of another revision. Undefined: it begins one, as where a loader fetches a kernel without a script.
 */
function bootOf({ machine_id, revision, step }: BootEntry, { named, last }: Stored): BootRecord | undefined {
  const goesWith = (boot: BootRecord | undefined) =>
    boot?.machine_id === machine_id && (revision === undefined || boot.revision === revision);
  return [named, step?.stage === 'script' ? undefined : last].find(goesWith);
}

/** The boot that it begins, which a number of those left out does not. */
function begun({ machine_id, revision, fresh, step }: BootEntry): BootRecord | undefined {
  if (!step) return undefined;
  const { source, at } = step;
  return { id: fresh, machine_id, ...(revision && { revision }), source, at, steps: [] };
}
