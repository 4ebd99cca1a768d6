import type { Machine } from './machine.ts';

/** What one machine would boot. */
export interface Outcome {
  readonly revision: string;
  readonly profile: string;
  readonly reason: string;
  readonly script: string;
}

/** One machine for which a write would change something; `null`: it boots nothing, or is not there. */
export interface Impact {
  readonly machine: Pick<Machine, 'id' | 'name' | 'macs'>;
  readonly before: Outcome | null;
  readonly after: Outcome | null;
  /** It depends on the address from which the machine asks, and nobody knows one. */
  readonly uncertain?: true;
}
