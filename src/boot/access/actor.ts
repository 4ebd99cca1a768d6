import type { AuditEntry } from './audit.ts';
import type { Role } from './token.ts';

/** Who asks something of the admin plane, from where, and when. */
export interface Actor {
  readonly kind: AuditEntry['actor']['kind'];
  /** The id of a token; the verified e-mail, or else the subject, of an OIDC token. */
  readonly id: string;
  /** Absent: nobody gave them one, and nothing is allowed. */
  readonly role?: Role;
  readonly address?: string;
  /** When the request came, RFC 3339. */
  readonly at: string;
}

export const roles = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];

/** Whether somebody of this role may do what needs at least that one. */
export function allows(role: Role | undefined, least: Role): boolean {
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(least);
}
