import type { ResolvedAsset } from './asset/asset.ts';
import type { BootPolicy, BootRequest } from './boot-request.ts';
import type { Client } from './client.ts';
import type { Identity } from './machine/identity.ts';
import type { Machine } from './machine/machine.ts';
import type { Reasoned } from './plan.ts';
import type { ProfileRevision } from './profile.ts';
import type { Assignment } from './rule/assignment.ts';
import type { Warning } from './warning.ts';
import type { World } from './world.ts';

/** A registered machine that another would be taken for, did not something stronger speak against it. */
export interface Like {
  readonly by: 'uuid' | 'serial';
  /** Its id. */
  readonly machine: string;
}

/** One step of a request's way, and what it came to. */
export interface Step {
  readonly step: 'source' | 'machine' | 'from here' | 'revision' | 'rendered' | 'plan';
  readonly says: string;
}

/** Who says what a machine boots; `considered` is every rule that was asked. */
export type Assigned = Pick<Assignment, 'rule' | 'reason' | 'considered'> & {
  readonly by: Assignment['by'] | 'unknown-policy';
};

/** How far a request came, and what was found on its way. */
export interface Way {
  readonly steps: readonly Step[];
  readonly identity?: Identity;
  /** As the machine's own overrides have it. */
  readonly client: Client;
  readonly machine?: Machine;
  /** Nobody has registered the machine, which says who it is and asks for its script. */
  readonly unknown?: true;
  /** Machines that an unknown one has something in common with. */
  readonly like?: readonly Like[];
  readonly assigned?: Assigned;
  /** As it is stored: its command line is not rendered. */
  readonly revision?: ProfileRevision;
  readonly asset?: ResolvedAsset;
  /** What whoever wrote what is booted here should know. */
  readonly warnings: readonly Warning[];
  /** The boot that its script begins, or that its URL names. */
  readonly boot?: string;
  /** Whether this script begins it: no earlier one of it was asked for. */
  readonly begins?: true;
  /** Whether that revision is known to be the machine's: it is what it boots now, or was. */
  readonly owned?: true;
}

/** A way while it is gone. */
type Going = { -readonly [Key in keyof Way]: Key extends 'steps' ? Step[] : Way[Key] };

/** A request under way, with all that decides it. */
export interface Asked extends BootRequest {
  readonly world: World;
  readonly policy: BootPolicy;
  readonly way: Going;
}

/** Why a script is the one that a machine gets. */
export function whyAssigned(assigned: Assigned | undefined): Reasoned {
  return { ground: assigned?.by ?? 'nothing', reason: assigned?.reason ?? '' };
}

export function said({ way }: Asked, step: Step['step'], says: string): void {
  way.steps.push({ step, says });
}
