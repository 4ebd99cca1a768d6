import type { Pointer } from './activation.ts';
import type { Selector } from './selector.ts';

/** Assigns a profile to the machines that its selector takes, unless they have one of their own. */
export interface Rule extends Pointer {
  /** UUIDv7. */
  readonly id: string;
  /** No two rules share it. */
  readonly name: string;
  readonly selector: Selector;
  /** Name of the profile that it assigns; `active` is the revision of it that is handed out, absent while there is none. */
  readonly profile: string;
  /** The highest that takes a machine wins; no two rules share one. */
  readonly priority: number;
  /** 1 to 100: the share of its machines that a new revision goes to at first. */
  readonly percent: number;
  readonly rollout?: Rollout;
  /** Made or taken over by an apply: one that prunes may delete it. */
  readonly managed_by?: 'apply';
  /** RFC 3339. */
  readonly created_at: string;
}

/** A revision on its way to all machines of a rule. */
export interface Rollout {
  readonly revision: string;
  /** 1 to 99. */
  readonly percent: number;
  readonly started_at: string;
  /** From then on nobody gets it. */
  readonly halted_at?: string;
  readonly reason?: string;
}

/** A rule as booting needs it. */
export type RuleInForce = Omit<Rule, 'history'>;

export function inForce({ history: _, ...rule }: Rule): RuleInForce {
  return rule;
}
