import type { Role } from './token.ts';

/** Something that was done, or refused, before it has its place in the chain. */
export interface AuditEntry {
  /** UUIDv7. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  readonly actor: {
    readonly kind: 'token' | 'oidc' | 'bootstrap' | 'anonymous' | 'broker';
    readonly id: string;
    readonly role?: Role;
  };
  /** Address that it came from. */
  readonly from?: string;
  /** Such as `machine.create`. */
  readonly action: string;
  readonly target?: { readonly kind: string; readonly id: string };
  readonly outcome: 'done' | 'refused';
  readonly reason?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}
