import { percentDecode } from './canonical-request.ts';
import { type Failure, invalidParameter, malformed } from './verification-failure.ts';

/** A request target, decoded exactly once. */
export interface Target {
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
}

/**
 * Reads an origin-form target (RFC 9112 3.2.1). Only the decoded names and values count, however they arrived:
 * iPXE before 2021-11 decodes a URL and encodes next to nothing of it again. `&` alone separates parameters, `;`
 * and a second `?` are data, and a name without `=` has the empty value.
 */
export function readTarget(target: string): Target | Failure {
  if (!target.startsWith('/'))
    return malformed('The request target is no absolute path; send the path and query alone');
  if (!/^[\x21-\x7e]*$/.test(target) || target.includes('#'))
    return malformed('The request target holds a fragment or a character that a URL must encode');
  const mark = target.indexOf('?');
  const path = decode(mark < 0 ? target : target.slice(0, mark));
  if (path === undefined) return malformed('The path is not percent-encoded UTF-8 without NUL');
  const query = new Map<string, string>();
  const seen = new Set<string>();
  for (const piece of mark < 0 ? [] : target.slice(mark + 1).split('&')) {
    const equals = piece.indexOf('=');
    const name = decode(equals < 0 ? piece : piece.slice(0, equals));
    const value = decode(equals < 0 ? '' : piece.slice(equals + 1));
    if (name === undefined || value === undefined)
      return malformed('The query is not percent-encoded UTF-8 without NUL');
    if (seen.has(name.toLowerCase())) return invalidParameter(name, 'stands twice in the URL');
    seen.add(name.toLowerCase());
    query.set(name, value);
  }
  return { path, query };
}

function decode(text: string): string | undefined {
  const decoded = percentDecode(text);
  return decoded?.includes('\0') ? undefined : decoded;
}
