import type { IncomingHttpHeaders } from 'node:http';

/** What a representation can be recognised by. */
export interface Validators {
  /** Strong, quotes included. */
  readonly etag: string;
  /** Unix milliseconds. */
  readonly modified: number;
}

/** What a reader's conditions come to, in the order of RFC 9110 section 13.2.2. */
export function judge(
  headers: IncomingHttpHeaders,
  validators: Validators,
): 'send' | 'not-modified' | 'failed' {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined) {
    if (!lists(match, validators.etag)) return 'failed';
  } else if (changedSince(headers['if-unmodified-since'], validators)) return 'failed';
  if (noneMatch !== undefined)
    return lists(noneMatch.replaceAll('W/', ''), validators.etag) ? 'not-modified' : 'send';
  return changedSince(headers['if-modified-since'], validators) === false ? 'not-modified' : 'send';
}

/** Whether a Range may be honoured: the reader's part is of this very representation (RFC 9110 section 13.1.5). */
export function sameAs(ifRange: string | undefined, validators: Validators): boolean {
  if (ifRange === undefined || ifRange === validators.etag) return true;
  return Date.parse(ifRange) === seconds(validators.modified);
}

function lists(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((one) => one.trim() === etag);
}

/** Undefined when no date was given that can be read. */
function changedSince(date: string | undefined, { modified }: Validators): boolean | undefined {
  const since = Date.parse(date ?? '');
  return Number.isNaN(since) ? undefined : seconds(modified) > since;
}

/** HTTP dates know no fractions. */
const seconds = (time: number) => Math.floor(time / 1000) * 1000;
