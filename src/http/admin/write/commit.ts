import { z } from 'zod';
import type { AuditEntry } from '../../../boot/access/audit.ts';
import { isRefusal, type Refusal } from '../../../boot/problem.ts';
import { distinct, type Warning } from '../../../boot/warning.ts';
import type { Change, Conflict } from '../../../records/records.ts';
import type { AdminParts } from '../parts.ts';
import { page, pageOf } from '../queries.ts';
import type { Reply } from '../route.ts';
import { conflicting } from './conflict-answer.ts';
import { type DryRun, impactOf } from './dry-run.ts';
import { judged } from './render-check.ts';
import { warned } from './warnings.ts';

/** What a request comes to, as the records are now. */
export interface Intent {
  readonly changes: readonly Change[];
  readonly audit: readonly AuditEntry[];
  /** When it is written; made only then, where that opens something. */
  readonly reply: Reply | (() => Promise<Reply>);
  /** Ids of pending machines that go when it is written. */
  readonly pendingNoMore?: readonly string[];
  /** What whoever asked is to be told besides. */
  readonly warnings?: readonly Warning[];
}

/** `?dry_run=1` says what would change, page by page, and writes nothing. */
export const dryRunQuery = page.extend({
  dry_run: z.enum(['1', '0']).default('0').describe('1: only say what would change'),
});

/**
 * Writes what `intend` says, unless some machine could no longer be booted then; asks it again when somebody else was
 * faster. The answer carries what is to be said of it (`warnings`). It is for `intend` to insist on the version that its caller has read. Nothing to change is no write.
 */
export async function commit(
  intend: () => Promise<Intent | Refusal>,
  parts: AdminParts,
  query?: z.output<typeof dryRunQuery>,
): Promise<Reply | Refusal> {
  for (;;) {
    const intent = await intend();
    if (isRefusal(intent)) return intent;
    const { changes, audit, reply, pendingNoMore } = intent;
    const found = await judged(changes, parts);
    if (isRefusal(found)) return found;
    const warnings = distinct([...(intent.warnings ?? []), ...found]);
    if (query?.dry_run === '1') return warned(await dryRun(changes, query, parts), warnings);
    const written: 'written' | Conflict =
      changes.length === 0 ? 'written' : await parts.records.write(changes, audit);
    if (written === 'written' && pendingNoMore) await forgetPending(pendingNoMore, parts);
    if (written === 'written') return warned(typeof reply === 'function' ? await reply() : reply, warnings);
    if (written.kind !== 'changed') return conflicting(written);
  }
}

/** What is written is written: that somebody is still listed as pending does no harm. */
async function forgetPending(ids: readonly string[], { records, log }: AdminParts): Promise<void> {
  try {
    await records.updatePending([], ids);
  } catch (error) {
    log.warn({ error }, 'a machine that is registered could not be taken from the pending ones');
  }
}

async function dryRun(
  changes: readonly Change[],
  query: z.output<typeof dryRunQuery>,
  parts: AdminParts,
): Promise<Reply> {
  const body: DryRun = await impactOf(changes, pageOf(query), parts);
  return { status: 200, body };
}
