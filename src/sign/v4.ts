import {
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  fieldValue,
  type SignedRequest,
  signedHeaders,
  stringToSign,
} from './canonical-request.ts';
import { formatTimestamp } from './timestamp.ts';

export type Algorithm = 'GOOG4-HMAC-SHA256' | 'GOOG4-RSA-SHA256';

/** What a signature is limited to (Google: "Signatures", credential scope). */
export interface CredentialScope {
  /** UTC, YYYYMMDD */
  readonly date: string;
  /** Any value works; Google's clients say `auto`. */
  readonly location: string;
  /** `storage` */
  readonly service: string;
  /** `goog4_request` */
  readonly requestType: string;
}

/** Who signs. */
export interface Signer {
  readonly algorithm: Algorithm;
  /** An HMAC key's access id, or a service account's e-mail. */
  readonly identity: string;
  /** The signature in lower-case hex. */
  sign(stringToSign: string, scope: CredentialScope): string | Promise<string>;
}

/** The methods that a signature can be for (Google: "Canonical requests", HTTP verbs). */
export const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const;

/** The six parameters that signing adds to a URL; X-Goog-Signature alone is not signed. */
export const SIGNING_PARAMETERS = [
  'X-Goog-Algorithm',
  'X-Goog-Credential',
  'X-Goog-Date',
  'X-Goog-Expires',
  'X-Goog-SignedHeaders',
  'X-Goog-Signature',
] as const;

/** Seven days, in seconds (Google: "Canonical requests", X-Goog-Expires). */
export const LONGEST_LIFETIME = 604_800;

export interface UrlRequest {
  readonly method: (typeof METHODS)[number];
  readonly bucket: string;
  /** Without one the URL is the bucket's own. */
  readonly object?: string;
  /** Scheme, host and perhaps port; `https://storage.googleapis.com` unless told. */
  readonly endpoint?: string;
  /** `path` unless told; `bucket-bound` means that the endpoint's host is the bucket's own. */
  readonly style?: 'path' | 'virtual-hosted' | 'bucket-bound';
  /** Signed with the rest: `generation`, `response-content-type`, ... */
  readonly query?: Readonly<Record<string, string>>;
  /** Signed; the caller must send them verbatim. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A V4 signed URL (Google: "V4 signing process with your own program"). Whole seconds: `now` is rounded down.
 * Throws RangeError for what no storage would take, and whatever the signer throws.
 */
export async function signUrl(
  request: UrlRequest,
  signer: Signer,
  when: { now: Date; expiresSeconds: number; location?: string },
): Promise<string> {
  if (
    !Number.isInteger(when.expiresSeconds) ||
    when.expiresSeconds < 1 ||
    when.expiresSeconds > LONGEST_LIFETIME
  )
    throw new RangeError(
      `A signed URL lives 1 to ${LONGEST_LIFETIME} whole seconds, not ${when.expiresSeconds}: shorten it and sign again later`,
    );
  const timestamp = formatTimestamp(when.now);
  const scope: CredentialScope = {
    date: timestamp.slice(0, 8),
    location: when.location ?? 'auto',
    service: 'storage',
    requestType: 'goog4_request',
  };
  const scopeText = [scope.date, scope.location, scope.service, scope.requestType].join('/');
  const { origin, host, path } = place(request);
  const headers = headersToSign(request.headers ?? {}, host);
  const query = new Map(Object.entries(request.query ?? {}));
  refuseClashes([...query.keys(), ...SIGNING_PARAMETERS], 'parameter');
  query
    .set('X-Goog-Algorithm', signer.algorithm)
    .set('X-Goog-Credential', `${signer.identity}/${scopeText}`)
    .set('X-Goog-Date', timestamp)
    .set('X-Goog-Expires', String(when.expiresSeconds))
    .set('X-Goog-SignedHeaders', signedHeaders(headers).join(';'));
  const signed: SignedRequest = { method: request.method, path, query, headers };
  const text = stringToSign(signer.algorithm, timestamp, scopeText, canonicalRequest(signed));
  const signature = await signer.sign(text, scope);
  return `${origin}${canonicalPath(path)}?${canonicalQuery(query)}&X-Goog-Signature=${signature}`;
}

/** Where the URL points: its origin as text, the host that is signed (never with a port, as Google's clients do) and its decoded path. */
function place({ bucket, object, endpoint = 'https://storage.googleapis.com', style = 'path' }: UrlRequest) {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(bucket)) throw new RangeError(`Not a bucket's name: "${bucket}"`);
  if (object === '')
    throw new RangeError(`An object in ${bucket} without a name; leave it out to sign for the bucket`);
  const [, scheme, authority] = /^(https?:\/\/)([^/?#@\\\s]+)\/?$/i.exec(endpoint) ?? [];
  if (!scheme || !authority)
    throw new RangeError(`Not an endpoint: "${endpoint}"; give a scheme, a host and perhaps a port`);
  const origin = style === 'virtual-hosted' ? `${scheme}${bucket}.${authority}` : `${scheme}${authority}`;
  return {
    origin,
    host: new URL(origin).hostname,
    path: style === 'path' ? `/${bucket}${object === undefined ? '' : `/${object}`}` : `/${object ?? ''}`,
  };
}

function headersToSign(headers: Readonly<Record<string, string>>, host: string): Map<string, string> {
  refuseClashes([...Object.keys(headers), 'host'], 'header');
  const signed = new Map([['host', host]]);
  for (const [name, value] of Object.entries(headers)) {
    const text = fieldValue(value);
    if (text === undefined || !/^[^\s:;]+$/.test(name))
      throw new RangeError(`The header ${name} cannot be signed: its name or value is not plain ASCII`);
    signed.set(name.toLowerCase(), text);
  }
  return signed;
}

function refuseClashes(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names.map((name) => name.toLowerCase())) {
    if (seen.has(name))
      throw new RangeError(`The ${what} ${name} is given twice, or is one that signing sets itself`);
    seen.add(name);
  }
}
