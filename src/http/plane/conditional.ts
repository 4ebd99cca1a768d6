import type { IncomingHttpHeaders } from 'node:http';
import { type ByteRange, byteRange } from '../../byte-range.ts';

/** What a representation's validators are. The entity tag is strong and has its quotes. */
export interface Validators {
  readonly etag: string;
  readonly lastModified: Date;
}

/** Preconditions in the order of RFC 9110 section 13.2.2, for GET and HEAD. */
export function evaluatePreconditions(
  headers: IncomingHttpHeaders,
  { etag, lastModified }: Validators,
): 'proceed' | 'not-modified' | 'failed' {
  const modified = Math.floor(lastModified.getTime() / 1000) * 1000;
  const ifMatch = headers['if-match'];
  const unmodifiedSince = Date.parse(headers['if-unmodified-since'] ?? '');
  if (ifMatch !== undefined ? !names(ifMatch, etag, 'strong') : unmodifiedSince < modified) return 'failed';
  const ifNoneMatch = headers['if-none-match'];
  const modifiedSince = Date.parse(headers['if-modified-since'] ?? '');
  if (ifNoneMatch !== undefined ? names(ifNoneMatch, etag, 'weak') : modifiedSince >= modified)
    return 'not-modified';
  return 'proceed';
}

/**
 * The one range that is asked for (RFC 9110 section 14.2): `whole` without a usable Range, or when If-Range names another
 * version; several ranges at once are answered by the whole, as section 14.2 allows.
 */
export function requestedRange(
  headers: IncomingHttpHeaders,
  size: number,
  validators: Validators,
): ByteRange | 'whole' | 'unsatisfiable' {
  const header = headers.range;
  if (header === undefined || !holds(headers['if-range'], validators)) return 'whole';
  return byteRange(header, size) ?? 'whole';
}

/** If-Range (section 13.1.5): a strong tag or the exact date. */
function holds(ifRange: string | string[] | undefined, { etag, lastModified }: Validators): boolean {
  if (typeof ifRange !== 'string') return true;
  if (/^(W\/)?"/.test(ifRange)) return ifRange === etag;
  return Date.parse(ifRange) === Math.floor(lastModified.getTime() / 1000) * 1000;
}

/** Whether the list of entity tags names this one; `*` names any. */
export function names(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  const tags = list.match(/(W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => (comparison === 'weak' ? tag.replace(/^W\//, '') : tag) === etag);
}
