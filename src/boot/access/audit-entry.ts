import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { masked } from '../masked.ts';
import type { Actor } from './actor.ts';
import type { AuditEntry, Auditor } from './audit.ts';

/** Firestore takes 1 MiB a document, and an event may hold two states. */
const longestState = 64 * 1024;

/**
 * Makes the audit entries of what this actor does, each to be written in the change's own transaction. An entry keeps the fields
 * in which two states differ; secrets are masked. `newId` gives each its id.
 */
export function auditor(by: Actor, newId: () => string): Auditor {
  return (action, target, before, after) => {
    const [was, is] = before && after ? differing(before, after) : [before, after];
    return {
      ...entryOf(by, action, newId()),
      target,
      outcome: 'done',
      ...(was && { before: kept(was) }),
      ...(is && { after: kept(is) }),
    };
  };
}

/** Who, when, from where, and what. */
export function entryOf(by: Actor, action: string, entryId: string): Omit<AuditEntry, 'outcome'> {
  const { kind, id, role, address, at } = by;
  return {
    id: entryId,
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
      Object.entries(of).filter(([key, value]) => !isDeepStrictEqual(value, others[key])),
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
