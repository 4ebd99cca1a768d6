import type { Refusal } from '../../../boot/problem.ts';
import { conflicting } from './conflict-answer.ts';
import { isMeant } from './etag.ts';
import { noMachine, noRule } from './not-found.ts';

const absent = { machine: noMachine, rule: noRule } as const;

/** What was found under the id that a request names, if it is there and If-Match lets that version be changed. */
export function meant<Document extends { readonly version: number }>(
  what: keyof typeof absent,
  id: string,
  found: Document | undefined,
  ifMatch: string | undefined,
): Document | Refusal {
  if (!found) return absent[what](id);
  const { version } = found;
  return isMeant(ifMatch, version) ? found : conflicting({ kind: 'changed', what, id, version });
}
