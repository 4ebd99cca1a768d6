import { z } from 'zod';
import { names } from '../../plane/conditional.ts';

/** The strong entity tag of a document's version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Whether If-Match (RFC 9110 section 13.1.1) lets this version be changed; without one, any may be. */
export function isMeant(ifMatch: string | undefined, version: number): boolean {
  return ifMatch === undefined || names(ifMatch, etagOf(version), 'strong');
}

/** For what a route reads, and what it answers. */
export const ifMatch = z.object({
  'if-match': z
    .string()
    .max(1024)
    .describe('ETag that it must still have, or else 412; without one, whatever is there is meant')
    .exactOptional(),
});
export const etagHeader = { ETag: 'Of this version, for If-Match' };
