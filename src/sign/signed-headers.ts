import { fieldValue } from './canonical-request.ts';
import type { Failure } from './verification-failure.ts';

/**
 * The signed headers of a request, from node's `rawHeaders`, ready to be signed again. Refused: a signed header that
 * is missing or comes twice, and an `x-goog-` header that is not signed (Google: "Canonical requests", required
 * canonical headers; stricter than Google, which lets x-goog-content-sha256 go unsigned).
 */
export function readSignedHeaders(
  rawHeaders: readonly string[],
  signed: readonly string[],
): ReadonlyMap<string, string> | Failure {
  const refuse = (header: string, message: string): Failure =>
    header === 'host'
      ? { kind: 'host', signedFor: undefined, message: `The Host header ${message}` }
      : { kind: 'header', header, message: `The header ${header} ${message}` };
  const wanted = new Set(signed);
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (!wanted.has(name)) {
      if (name.startsWith('x-goog-')) return refuse(name, 'is not signed; leave it out or have it signed');
      continue;
    }
    if (headers.has(name)) return refuse(name, 'comes twice');
    const value = fieldValue(rawHeaders[i + 1] as string);
    if (value === undefined) return refuse(name, 'is not plain ASCII');
    headers.set(name, value);
  }
  const missing = signed.find((name) => !headers.has(name));
  if (missing !== undefined) return refuse(missing, 'is signed but was not sent; send it as it was signed');
  return headers;
}

/** The spellings of a `Host` value under which a URL may have been signed: Google's clients sign it without its port. Undefined: no host. */
export function hostSpellings(value: string): readonly [string, ...string[]] | undefined {
  const [host, name, port] = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/.exec(value.toLowerCase()) ?? [];
  if (host === undefined || name === undefined) return undefined;
  return port === undefined ? [name] : [name, host];
}
