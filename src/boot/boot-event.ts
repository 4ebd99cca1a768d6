/** Something that happened in a machine's boot: the broker answered it, or it reported how far it got. */
export interface BootEvent {
  /** UUIDv7; a repeated report carries the id of the first. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  readonly machine_id: string;
  readonly revision?: string;
  /** `script`, `asset`, or the stage that was reported: `up`, `installed`, `failed`, ... */
  readonly stage: string;
  readonly source: string;
  /** Which plan answered, of which asset; or what the machine said, at most 16 KiB. */
  readonly detail?: string;
}
