import type { JWTVerifyGetKey } from 'jose';
import { type Claims, type RoleRule, roleOfClaims, verifiedEmail } from '../boot/claims.ts';
import { isTrustworthyUrl } from '../boot/network.ts';
import { type Refusal, refuse } from '../boot/problem.ts';
import type { Role } from '../boot/token.ts';
import { retryAfter } from './errors.ts';

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
const patienceMs = 5_000;
/** A discovery that failed is not tried again before. */
const pauseMs = 5_000;

/** Google's tokens name their issuer with and without the scheme (Google: OpenID Connect, "iss"). */
const google = ['https://accounts.google.com', 'accounts.google.com'];

export interface OidcOptions {
  /** https, or a loopback address. */
  readonly oidcIssuer: string;
  /** Any of them; empty: no OIDC token is taken. */
  readonly oidcAudience: readonly string[];
  readonly oidcRoles: readonly RoleRule[];
  /** Unset: what the issuer's discovery document names. */
  readonly oidcJwksUrl: string | undefined;
  readonly clock: () => Date;
}

/** Whom the token speaks for. Without a role they may do nothing. */
export interface OidcHolder {
  readonly id: string;
  readonly role?: Role;
}

/** The issuer did not give its keys: nobody can say whether the token is good. */
class IssuerDown extends Error {}

/** Checks OIDC tokens (OpenID Connect Core 1.0 section 3.1.3.7). jose and the issuer's keys are loaded when the first token comes. */
export function oidcVerifier(options: OidcOptions): (token: string) => Promise<OidcHolder | Refusal> {
  const { oidcIssuer, oidcAudience, oidcRoles, clock } = options;
  const keys = keySource(options);
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
      return issuerDown(oidcIssuer, error);
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
  return refuse('unauthenticated', `The OIDC token is not good: ${why}.`, { 'WWW-Authenticate': 'Bearer' });
}

function issuerDown(issuer: string, error: unknown): Refusal {
  const { message, cause } = error as Error;
  const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return refuse(
    'issuer-down',
    `The keys of ${issuer} cannot be had (${why}), so the token cannot be checked. Try again, or look at BROKER_OIDC_JWKS_URL.`,
    retryAfter,
  );
}

/** jose's own cache of the issuer's keys: 10 min, sooner for a key that it does not know, but at most every 30 s. */
function keySource({ oidcIssuer, oidcJwksUrl, clock }: OidcOptions): () => Promise<JWTVerifyGetKey> {
  let opening: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  const open = async () => {
    const { createRemoteJWKSet } = await import('jose');
    const url = new URL(oidcJwksUrl ?? (await discovered(oidcIssuer)));
    return createRemoteJWKSet(url, { timeoutDuration: patienceMs });
  };
  return async () => {
    if (clock().getTime() - failedAt < pauseMs && clock().getTime() >= failedAt)
      throw new IssuerDown('it failed a moment ago');
    opening ??= open();
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      failedAt = clock().getTime();
      throw error;
    }
  };
}

/** `jwks_uri` of the discovery document (OpenID Connect Discovery 1.0 sections 4.2 and 4.3). */
async function discovered(issuer: string): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!response.ok) throw new IssuerDown(`its discovery document answers ${response.status}`);
  const { issuer: named, jwks_uri } = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new IssuerDown('its discovery document is that of another issuer');
  if (typeof jwks_uri !== 'string' || !isTrustworthyUrl(jwks_uri))
    throw new IssuerDown('its discovery document names no keys by https');
  return jwks_uri;
}
