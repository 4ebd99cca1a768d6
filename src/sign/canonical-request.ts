import { createHash } from 'node:crypto';

/** A request as V4 signing sees it: every name and value decoded, without the signature. */
export interface SignedRequest {
  readonly method: string;
  /** What follows the host and precedes the query, decoded. */
  readonly path: string;
  /** Every parameter of the URL but X-Goog-Signature, in any order. */
  readonly query: ReadonlyMap<string, string>;
  /** The signed headers, by lower-case name, as `fieldValue` gives them; `host` among them. */
  readonly headers: ReadonlyMap<string, string>;
}

const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The canonical request (Google: "Canonical requests"). */
export function canonicalRequest({ method, path, query, headers }: SignedRequest): string {
  const names = signedHeaders(headers);
  return [
    method,
    canonicalPath(path),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${headers.get(name)}`),
    '',
    names.join(';'),
    headers.get('x-goog-content-sha256') ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

/** A path with everything encoded but its slashes; also the path of the URL itself. */
export function canonicalPath(path: string): string {
  return percentEncode(path).replaceAll('%2F', '/');
}

/** Parameters in the order of their names, each encoded; also the query of the URL itself. */
export function canonicalQuery(query: ReadonlyMap<string, string>): string {
  return [...query]
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** The names of the signed headers in the order that signing wants. */
export function signedHeaders(headers: ReadonlyMap<string, string>): string[] {
  return [...headers.keys()].sort(byCodePoint);
}

/** What is signed in the end (Google: "Signatures", string-to-sign). */
export function stringToSign(
  algorithm: string,
  timestamp: string,
  scope: string,
  canonicalRequest: string,
): string {
  const digest = createHash('sha256').update(canonicalRequest).digest('hex');
  return [algorithm, timestamp, scope, digest].join('\n');
}

/** Everything but RFC 3986's unreserved characters as %XX of its UTF-8 bytes. Throws URIError on half a surrogate pair. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The reverse, once: `+` is a plus. Undefined when a % starts no escape or the bytes are no UTF-8. */
export function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * A header's value as it is signed: trimmed, each run of white space one space (Google's test vectors, "Headers
 * should be trimmed"). Undefined outside US-ASCII, where a value has no one spelling on the wire (RFC 9110 5.5).
 */
export function fieldValue(value: string): string | undefined {
  return /^[ \t\r\n!-~]*$/.test(value) ? value.trim().replace(/\s+/g, ' ') : undefined;
}
