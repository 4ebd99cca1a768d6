import { readFileSync } from 'node:fs';

/** What the program itself has open, besides connections: databases, pipes, clients of the stores. */
const ownUse = 64;
/** Where the system does not say: what every one of them allows. */
const usualLimit = 1024;

/**
 * How many files and sockets this process may have open (Linux: proc_pid_limits; Node has raised it to the hard limit by
 * then).
 */
export function descriptorLimit(limits = readLimits()): number {
  const [, soft] = /^Max open files +(\d+|unlimited)/m.exec(limits) ?? [];
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft ?? usualLimit);
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}

/** How many of the descriptors each listener's connections, and the streams' own connections to the storage, may take. */
export interface DescriptorShares {
  readonly boot: number;
  readonly admin: number;
  readonly storage: number;
  readonly streams: number;
}

/**
 * Divides the descriptors so that whoever fills one listener takes nothing from the others: nine parts, of which two are for
 * the files that the embedded storage sends.
 */
export function descriptorShares(limit = descriptorLimit()): DescriptorShares {
  const part = Math.max(1, Math.floor((limit - ownUse) / 9));
  return { boot: 3 * part, admin: part, storage: 2 * part, streams: part };
}
