import {
  type AuditEntry,
  type AuditEvent,
  type AuditHead,
  chained,
  chainStart,
} from '../../boot/access/audit.ts';
import { type Documents, documentOf, type Found, type Place, put, type Write } from './documents.ts';

/** The end of the chain. Each addition changes this document, so that the chain has one end. */
export const headPlace: Place = ['heads', 'audit'];

/** The entries as events that follow the end which was found. */
export function eventsAfter(audit: readonly AuditEntry[], found: Found | undefined): readonly AuditEvent[] {
  return chained(audit, documentOf<AuditHead>(found) ?? chainStart);
}

/** What adds them to the chain. */
export function remembered(events: readonly AuditEvent[], found: Found | undefined): Write[] {
  const last = events.at(-1);
  if (!last) return [];
  const head: AuditHead = { seq: last.seq, hash: last.hash };
  return [
    ...events.map(
      (event): Write => ({
        kind: 'create',
        // Events of one commit are listed by id.
        place: ['audit', String(event.seq).padStart(12, '0')],
        content: { document: event },
      }),
    ),
    put(headPlace, found, { document: head }),
  ];
}

export async function isRemembered(documents: Documents, { id }: AuditEntry): Promise<boolean> {
  const where = [{ field: 'id', op: 'EQUAL', value: id }] as const;
  return (await documents.query({ from: 'audit', where, limit: 1 })).length > 0;
}
