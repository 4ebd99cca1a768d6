import { roles } from './actor.ts';
import type { Role } from './token.ts';

/** The holder of an OIDC token that has this value in this claim has this role. */
export interface RoleRule {
  readonly claim: string;
  readonly value: string;
  readonly role: Role;
}

/** What an OIDC token says of its holder (OpenID Connect Core 1.0 section 2). */
export type Claims = Readonly<Record<string, unknown>>;

/** The highest role that the rules give; a claim may be a text or a list of texts. */
export function roleOfClaims(claims: Claims, rules: readonly RoleRule[]): Role | undefined {
  const given = rules.filter(({ claim, value }) => holds(claims, claim, value)).map(({ role }) => role);
  return roles.findLast((role) => given.includes(role));
}

/** An e-mail address that the issuer has not verified is anybody's (OpenID Connect Core 1.0 section 5.1, `email_verified`). */
export function verifiedEmail(claims: Claims): string | undefined {
  return claims.email_verified === true && typeof claims.email === 'string' ? claims.email : undefined;
}

function holds(claims: Claims, claim: string, value: string): boolean {
  if (claim === 'email') return verifiedEmail(claims) === value;
  const held = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return Array.isArray(held) ? held.includes(value) : held === value;
}
