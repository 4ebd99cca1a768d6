import { createHash } from 'node:crypto';
import type { observationSchema, pendingSchema } from '../schema/pending.ts';
import type { Output } from '../schema/type.ts';
import { type Identity, isUuid, parseMac, parseUuid } from './identity.ts';
import type { Machine } from './machine.ts';

/** What one caller said of the machine, and from where. All but the address is its own word. */
export type Observation = Output<typeof observationSchema>;

/** A machine that nobody has registered and that asked to boot: what was said first, and what others said under the same name. */
export type PendingMachine = Output<typeof pendingSchema>;

/** Observations of one machine that are kept: whoever makes up contradictions cannot fill the store. */
export const mostObservations = 8;

/** By its MAC, else its UUID, else its serial number. */
export function pendingId({ mac, uuid, serial }: Identity): string {
  const name = mac ?? uuid ?? serial ?? '';
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** The id of the pending machine that somebody means: its id, or any spelling of its MAC or UUID. */
export function pendingIdOf(text: string): string {
  const mac = parseMac(text);
  if (mac) return pendingId({ mac });
  const uuid = isUuid(text) ? parseUuid(text) : undefined;
  return uuid ? pendingId({ uuid }) : text;
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

/** What tells one observation from every other: whose it is, where it came from, and what it says. */
export function observationKey(id: string, { address, uuid, serial }: Observation): string {
  return JSON.stringify([id, address, uuid, serial]);
}

/** All that was observed of it, what was said first at the head. */
export function observationsOf({ id: _, mac: __, others = [], ...first }: PendingMachine): Observation[] {
  return [first, ...others];
}

/** The machine of these observations, of which there is one at least. */
export function observed(
  { id, mac }: Pick<PendingMachine, 'id' | 'mac'>,
  [first, ...others]: readonly Observation[],
): PendingMachine | undefined {
  if (!first) return undefined;
  return { id, ...(mac && { mac }), ...first, ...(others.length > 0 && { others }) };
}

/**
 * What is known after it was seen again. An observation joins an earlier one that came from the same address and says nothing else;
 * all others are kept apart. Where they are too many, the one that was made longest ago goes, but never
 * the first.
 */
export function seenAgain(before: PendingMachine | undefined, seen: PendingMachine): PendingMachine {
  let all = before ? observationsOf(before) : [];
  for (const one of observationsOf(seen)) {
    const at = all.findIndex((known) => known.address === one.address && !contradict(known, one));
    all = at < 0 ? [...all, one] : all.with(at, joined(all[at] ?? one, one));
  }
  while (all.length > mostObservations) {
    const oldest = all.slice(1).reduce((a, b) => (b.last_seen < a.last_seen ? b : a));
    all = all.filter((one) => one !== oldest);
  }
  return observed(before ?? seen, all) ?? seen;
}

function joined(before: Observation, seen: Observation): Observation {
  const { first_seen } = before;
  return { ...before, ...seen, first_seen, count: before.count + seen.count };
}

/** Whether both say something that cannot be true of one machine. */
function contradict(a: Claims, b: Claims): boolean {
  return (['uuid', 'serial'] as const).some(
    (name) => a[name] !== undefined && b[name] !== undefined && a[name] !== b[name],
  );
}

type Claims = Pick<Observation, 'uuid' | 'serial'>;

/** What a program says of itself, if it is fit to be shown: short, printable, and not left unexpanded. */
export function said(text: string | undefined): string | undefined {
  return text !== undefined && /^[\x21-\x7e]{1,64}$/.test(text) && !text.includes('${') ? text : undefined;
}
