import type { EdgeVerifier, SourcePolicy } from '../../boot/source.ts';
import type { CommonParts } from '../plane/parts.ts';
import type { BootLog } from './boot-log.ts';
import type { StreamSlots } from './stream-slots.ts';
import type { UnknownMachines } from './unknown-machines.ts';

/** What the boot plane is made of. */
export interface BootParts extends CommonParts {
  readonly sourcePolicy: SourcePolicy;
  /** Where edges vouch for clients: nobody else is believed. */
  readonly edge: EdgeVerifier | undefined;
  readonly bootLog: BootLog;
  readonly unknownMachines: UnknownMachines;
  /** The names under which it answers; empty: it answers under every name. */
  readonly bootHosts: readonly string[];
  /** Reports a second. */
  readonly reportsPerSource: number;
  readonly maxStreams: number;
  readonly maxStreamsPerSource: number;
  /** Bits per second. */
  readonly streamFloor: number;
  /** Places of streams, where they are not made of these settings. */
  readonly slots?: StreamSlots;
}
