import { createHash } from 'node:crypto';
import type { Role } from './token.ts';

/** One change, or one refusal, as whoever made it tells it. Nothing in it opens anything. */
export interface AuditEntry {
  /** UUIDv7. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  /** `bootstrap` holds the token of the settings; `broker` is the program itself. */
  readonly actor: {
    readonly kind: 'token' | 'oidc' | 'bootstrap' | 'broker' | 'anonymous';
    readonly id: string;
    readonly role?: Role;
  };
  /** Address. */
  readonly from?: string;
  /** Such as `machine.create`. */
  readonly action: string;
  readonly target?: { readonly kind: string; readonly id: string };
  readonly outcome: 'done' | 'refused';
  readonly reason?: string;
  /** How many refusals of one kind it stands for; absent: one. */
  readonly count?: number;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Makes the entry of a change that was done; `before` undefined: it was created, `after` undefined: it is gone. */
export type Auditor = (
  action: string,
  target: { readonly kind: string; readonly id: string },
  before: object | undefined,
  after: object | undefined,
) => AuditEntry;

/** The end of a chain of audit events. */
export interface AuditHead {
  /** How many events there are. */
  readonly seq: number;
  /** The hash of the last one. */
  readonly hash: string;
}

/** `SEQ:HASH`, as `audit verify --head` takes it. */
export function headText({ seq, hash }: AuditHead): string {
  return `${seq}:${hash}`;
}

/** An entry in its place in the chain: whoever changes or takes away one breaks all hashes after it. */
export interface AuditEvent extends AuditEntry, AuditHead {
  /** Hash of the event before. */
  readonly previous: string;
}

/** What the first event follows. */
export const chainStart: AuditHead = { seq: 0, hash: '0'.repeat(64) };

/** The entries as the events that follow `head`. */
export function chained(entries: readonly AuditEntry[], head: AuditHead): readonly AuditEvent[] {
  let { seq, hash } = head;
  return entries.map((entry) => {
    seq += 1;
    const unsealed = { ...entry, seq, previous: hash };
    hash = hashOf(unsealed);
    return { ...unsealed, hash };
  });
}

/** Whether the event is unchanged, and the one that follows `head`. */
export function follows(event: AuditEvent, head: AuditHead): boolean {
  const { hash, ...unsealed } = event;
  return event.seq === head.seq + 1 && event.previous === head.hash && hash === hashOf(unsealed);
}

/** SHA-256 (hex) of the event's JSON with every object's keys in order, so that no store's spelling matters. */
function hashOf(event: Omit<AuditEvent, 'hash'>): string {
  return createHash('sha256').update(JSON.stringify(event, inOrder)).digest('hex');
}

function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
