import { createHash } from 'node:crypto';
import type { pendingSchema } from '../schema/pending.ts';
import type { Output } from '../schema/type.ts';
import type { Identity } from './identity.ts';
import type { Machine } from './machine.ts';

/** A machine that nobody has registered and that asked to boot, as it was observed. All but the address is its own word. */
export type PendingMachine = Output<typeof pendingSchema>;

/** So many are kept, the ones that asked last: whoever makes up machines cannot fill the store. */
export const mostPending = 1000;

/** By its MAC, else its UUID, else its serial number. */
export function pendingId({ mac, uuid, serial }: Identity): string {
  const name = mac ?? uuid ?? serial ?? '';
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** Under which ids somebody may be pending who is this machine. */
export function pendingIds({ macs, uuid, serial }: Pick<Machine, 'macs' | 'uuid' | 'serial'>): string[] {
  const identities: Identity[] = [
    ...macs.map((mac) => ({ mac })),
    ...(uuid ? [{ uuid }] : []),
    ...(serial ? [{ serial }] : []),
  ];
  return identities.map(pendingId);
}

/** What is known after it was seen again. */
export function seenAgain(before: PendingMachine | undefined, seen: PendingMachine): PendingMachine {
  if (!before) return seen;
  return { ...before, ...seen, first_seen: before.first_seen, count: before.count + seen.count };
}

/** What a program says of itself, if it is fit to be shown: short, printable, and not left unexpanded. */
export function said(text: string | undefined): string | undefined {
  return text !== undefined && /^[\x21-\x7e]{1,64}$/.test(text) && !text.includes('${') ? text : undefined;
}
