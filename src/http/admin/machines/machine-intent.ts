import type { Auditor } from '../../../boot/access/audit.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { pendingIds } from '../../../boot/machine/pending-machine.ts';
import type { Reply } from '../route.ts';
import type { Intent } from '../write/commit.ts';
import { etagOf } from '../write/etag.ts';

/** A machine that is changed, is made (`before` undefined) or goes (`after` undefined). */
export function machineIntent(
  id: string,
  action: string,
  before: Machine | undefined,
  after: Machine | undefined,
  audit: Auditor,
): Intent {
  return {
    changes: [{ kind: 'machine', id, expected: before?.version ?? 0, to: after }],
    audit: [audit(action, { kind: 'machine', id }, before, after)],
    reply: after ? machineReply(after, before ? 200 : 201) : { status: 204, body: undefined },
  };
}

/** A machine whose identity is said, at first or anew: who is registered is pending no more. */
export function registered(
  action: string,
  before: Machine | undefined,
  after: Machine,
  audit: Auditor,
): Intent {
  return { ...machineIntent(after.id, action, before, after, audit), pendingNoMore: pendingIds(after) };
}

/** 201: it was made. */
export function machineReply(machine: Machine, status: 200 | 201): Reply {
  const location = status === 201 && { Location: `/api/v1/machines/${machine.id}` };
  return { status, headers: { ...location, ETag: etagOf(machine.version) }, body: machine };
}
