import { parseTimestamp } from './timestamp.ts';
import { type Algorithm, type CredentialScope, LONGEST_LIFETIME, SIGNING_PARAMETERS } from './v4.ts';
import { type Failure, invalidParameter } from './verification-failure.ts';

/** What a URL says about its own signing, in order but not yet believed. */
export interface Claim {
  readonly algorithm: Algorithm;
  readonly identity: string;
  readonly scope: CredentialScope;
  readonly scopeText: string;
  readonly timestamp: string;
  readonly date: Date;
  readonly expires: Date;
  /** Lower case, sorted, each once, `host` among them. */
  readonly signedHeaders: readonly string[];
  /** As it stands in the URL. */
  readonly signature: string;
}

/** Reads the six signing parameters, in exactly Google's spelling ("Canonical requests", required query string parameters). */
export function readClaim(query: ReadonlyMap<string, string>): Claim | Failure {
  for (const name of SIGNING_PARAMETERS)
    if (!query.get(name)) return invalidParameter(name, 'is missing or empty');
  const [algorithm, credential, timestamp, lifetime, headers, signature] = SIGNING_PARAMETERS.map(
    (name) => query.get(name) as string,
  ) as [string, string, string, string, string, string];

  if (algorithm !== 'GOOG4-HMAC-SHA256' && algorithm !== 'GOOG4-RSA-SHA256')
    return invalidParameter('X-Goog-Algorithm', 'is neither GOOG4-HMAC-SHA256 nor GOOG4-RSA-SHA256');

  const parts = /^([^/]+)\/((\d{8})\/([^/]+)\/storage\/goog4_request)$/.exec(credential);
  if (!parts)
    return invalidParameter('X-Goog-Credential', 'is not IDENTITY/YYYYMMDD/LOCATION/storage/goog4_request');
  const [, identity, scopeText, day, location] = parts as unknown as [string, string, string, string, string];

  const date = parseTimestamp(timestamp);
  if (!date) return invalidParameter('X-Goog-Date', 'is no time of the form YYYYMMDDTHHMMSSZ');
  if (day !== timestamp.slice(0, 8))
    return invalidParameter('X-Goog-Date', `is not of the credential's day, ${day}`);

  if (!/^[1-9]\d{0,5}$/.test(lifetime) || Number(lifetime) > LONGEST_LIFETIME)
    return invalidParameter('X-Goog-Expires', `is no whole number from 1 to ${LONGEST_LIFETIME}`);

  const signedHeaders = headers.split(';');
  if (headers !== [...new Set(signedHeaders)].sort().join(';') || headers !== headers.toLowerCase())
    return invalidParameter('X-Goog-SignedHeaders', 'is not in lower case, in order, each name once');
  if (signedHeaders.includes('')) return invalidParameter('X-Goog-SignedHeaders', 'holds an empty name');
  if (!signedHeaders.includes('host')) return invalidParameter('X-Goog-SignedHeaders', 'does not name host');

  return {
    algorithm,
    identity,
    scope: { date: day, location, service: 'storage', requestType: 'goog4_request' },
    scopeText,
    timestamp,
    date,
    expires: new Date(date.getTime() + Number(lifetime) * 1000),
    signedHeaders,
    signature,
  };
}
