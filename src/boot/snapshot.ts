import type { AuditHead } from './access/audit.ts';
import type { Asset } from './asset/asset.ts';
import type { Machine } from './machine/machine.ts';
import type { ProfileRevision } from './profile.ts';
import type { RuleInForce } from './rule/rule.ts';

/** What a boot reads of the records, as it was at one moment. An instance that starts while they are down goes by it. */
export interface Snapshot {
  /** When it was begun, RFC 3339. */
  readonly at: string;
  /** Without their histories. */
  readonly machines: readonly Machine[];
  readonly rules: readonly RuleInForce[];
  /** The revisions that these machines boot, and that the rules hand out. */
  readonly profiles: readonly ProfileRevision[];
  /** The end of the audit log at that time: a witness that who writes the records cannot change. */
  readonly audit?: AuditHead;
  /** The first stages. */
  readonly assets: readonly Asset[];
}

/** Nothing older is believed: 24 hours, in ms. */
export const oldestSnapshotMs = 24 * 3_600_000;
