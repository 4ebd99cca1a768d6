import { createHash, randomUUIDv7 } from 'node:crypto';
import type { Actor } from '../../../boot/access/actor.ts';
import type { AuditEntry, Auditor } from '../../../boot/access/audit.ts';
import { masked } from '../../../boot/masked.ts';

/** Firestore takes 1 MiB a document, and an event may hold two states. */
const longestState = 64 * 1024;

/**
 * The audit entry of a change, to be written in the change's own transaction. Of two states it keeps the fields that
 * differ; `before` undefined: it was created, `after` undefined: it is gone. Secrets are masked.
 */
export function audited(
  by: Actor,
  action: string,
  target: { readonly kind: string; readonly id: string },
  before: object | undefined,
  after: object | undefined,
): AuditEntry {
  const [was, is] = before && after ? differing(before, after) : [before, after];
  return {
    ...entryOf(by, action),
    target,
    outcome: 'done',
    ...(was && { before: kept(was) }),
    ...(is && { after: kept(is) }),
  };
}

/** Makes the entries of what this actor does. */
export function auditor(by: Actor): Auditor {
  return (...change) => audited(by, ...change);
}

/** Who, when, from where, and what. */
export function entryOf(by: Actor, action: string): Omit<AuditEntry, 'outcome'> {
  const { kind, id, role, address, at } = by;
  return {
    id: randomUUIDv7(),
    at,
    actor: { kind, id, ...(role && { role }) },
    ...(address && { from: address }),
    action,
  };
}

function differing(before: object, after: object): [object, object] {
  const only = (of: object, other: object) => {
    const others = other as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.entries(of).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(others[key])),
    );
  };
  return [only(before, after), only(after, before)];
}

function kept(state: object): unknown {
  const shown = masked(state);
  const text = JSON.stringify(shown);
  if (text.length <= longestState) return shown;
  return { omitted_characters: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}
