import type { JWTVerifyGetKey } from 'jose';
import { isTrustworthyUrl } from '../../../boot/network.ts';

const patienceMs = 5_000;
/** A discovery that failed is not tried again before. */
const pauseMs = 5_000;

export interface IssuerOptions {
  /** https, or a loopback address. */
  readonly oidcIssuer: string;
  /** Unset: what the issuer's discovery document names. */
  readonly oidcJwksUrl: string | undefined;
  readonly clock: () => Date;
}

/** The issuer did not give its keys: nobody can say whether the token is good. */
class IssuerDown extends Error {}

/** jose's own cache of the issuer's keys: 10 min, sooner for a key that it does not know, but at most every 30 s. */
export function issuerKeys({
  oidcIssuer,
  oidcJwksUrl,
  clock,
}: IssuerOptions): () => Promise<JWTVerifyGetKey> {
  let opening: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  const open = async () => {
    const { createRemoteJWKSet } = await import('jose');
    const url = new URL(oidcJwksUrl ?? (await discovered(oidcIssuer)));
    return createRemoteJWKSet(url, { timeoutDuration: patienceMs });
  };
  return async () => {
    const sinceMs = clock().getTime() - failedAt;
    if (sinceMs >= 0 && sinceMs < pauseMs) throw new IssuerDown('it failed a moment ago');
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
