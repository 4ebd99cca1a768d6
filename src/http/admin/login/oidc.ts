import { type Claims, type RoleRule, roleOfClaims, verifiedEmail } from '../../../boot/access/claims.ts';
import type { Role } from '../../../boot/access/token.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { Log } from '../../../telemetry/log.ts';
import { retryAfter } from '../../plane/answer-problem.ts';
import { unauthenticated } from '../../plane/bearer.ts';
import { type IssuerOptions, issuerKeys } from './issuer-keys.ts';

/** Signatures by a private key alone: with a shared secret whoever can check could also sign, with the public key if need be. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const clockSkewSeconds = 30;

/** Google's tokens name their issuer with and without the scheme (Google: OpenID Connect, "iss"). */
const google = ['https://accounts.google.com', 'accounts.google.com'];

export interface OidcOptions extends IssuerOptions {
  /** Any of them; empty: no OIDC token is taken. */
  readonly oidcAudience: readonly string[];
  readonly oidcRoles: readonly RoleRule[];
  readonly log: Log;
}

/** The holder that the token speaks for. Without a role they may do nothing. */
export interface OidcHolder {
  readonly id: string;
  readonly role?: Role;
}

/** Checks OIDC tokens (OpenID Connect Core 1.0 section 3.1.3.7). jose and the issuer's keys are loaded when the first token comes. */
export function oidcVerifier(options: OidcOptions): (token: string) => Promise<OidcHolder | Refusal> {
  const { oidcIssuer, oidcAudience, oidcRoles, clock, log } = options;
  const keys = issuerKeys(options);
  return async (token) => {
    if (token.endsWith('.SIGNATURE_REMOVED_BY_GOOGLE'))
      return no(
        'Cloud Run has taken its signature off. Send the token for Cloud Run as X-Serverless-Authorization, and this one as Authorization',
      );
    const { errors, jwtVerify } = await import('jose');
    try {
      const { payload } = await jwtVerify(token, await keys(), {
        algorithms,
        issuer: google.includes(oidcIssuer) ? google : oidcIssuer,
        audience: [...oidcAudience],
        clockTolerance: clockSkewSeconds,
        currentDate: clock(),
        requiredClaims: ['exp', 'sub'],
      });
      return holder(payload, oidcRoles);
    } catch (error) {
      if (error instanceof errors.JOSEError && !keysFailed(error.code))
        return no(error.message || error.code);
      // The cause is for the log alone: whoever asks has not yet said who they are.
      log.warn({ error, issuer: oidcIssuer }, 'the keys of the OIDC issuer cannot be had');
      return refuse(
        'issuer-down',
        `The keys of ${oidcIssuer} cannot be had, so the token cannot be checked. Try again; the broker's log has the cause.`,
        retryAfter,
      );
    }
  };
}

function holder(claims: Claims, rules: readonly RoleRule[]): OidcHolder {
  const role = roleOfClaims(claims, rules);
  return { id: (verifiedEmail(claims) ?? String(claims.sub)).slice(0, 256), ...(role && { role }) };
}

/** jose's codes for keys that it could not get, or not read: not the token's fault. */
function keysFailed(code: string): boolean {
  return ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JWK_INVALID'].includes(code);
}

function no(why: string): Refusal {
  return unauthenticated(`The OIDC token is not good: ${why}.`);
}
