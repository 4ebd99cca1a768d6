import { randomUUIDv7 } from 'node:crypto';
import type { AuditEntry } from '../boot/access/audit.ts';
import type { BootRecord } from '../boot/history/boot-record.ts';
import type { Machine } from '../boot/machine/machine.ts';
import { contenders } from '../boot/rule/contest.ts';
import { halted, haltReason, reaches, type Seen, type Sign, signOf } from '../boot/rule/rollout.ts';
import type { Rollout, Rule } from '../boot/rule/rule.ts';
import { subjectOf } from '../boot/rule/selector.ts';
import { every, type Records } from '../records/records.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface RolloutParts {
  readonly records: Records;
  readonly clock: () => Date;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'rolloutsHalted'>;
}

type Staged = { readonly id: string; readonly name: string; readonly rollout: Rollout };

/**
 * Each call looks at every roll-out once, and halts those whose machines stopped reporting in; resolves to the names of
 * their rules. Without a roll-out it is one read; else one of each, and some of each machine that was reached and has not come up yet.
 */
export function rolloutWatch(parts: RolloutParts): () => Promise<readonly string[]> {
  const { records, clock } = parts;
  const well = new Set<string>();

  const signs = async (machine: Machine, { rollout }: Staged, now: Date): Promise<Sign> => {
    const key = `${rollout.revision} ${machine.id}`;
    if (well.has(key)) return 'well';
    const sign = signOf(await seenOf(machine.id, rollout.revision, records), rollout, now);
    if (sign === 'well') well.add(key);
    return sign;
  };

  /** What boots from its disk is not asked to report. */
  const isDisk = async ({ revision }: Rollout) => (await records.profile(revision))?.disk === true;

  return async () => {
    const rules = await records.rulebook();
    const staged: Staged[] = [];
    for (const { id, name, rollout } of rules)
      if (rollout && rollout.halted_at === undefined && !(await isDisk(rollout)))
        staged.push({ id, name, rollout });
    if (staged.length === 0) {
      well.clear();
      return [];
    }
    const now = clock();
    const found = new Map<string, Sign[]>(staged.map(({ id }) => [id, []]));
    for await (const machine of every((page) => records.listMachines(page))) {
      if (machine.active) continue;
      const mayDecide = new Set(contenders(rules, subjectOf(machine)).map(({ id }) => id));
      for (const one of staged)
        if (mayDecide.has(one.id) && reaches(one.rollout, machine.id))
          found.get(one.id)?.push(await signs(machine, one, now));
    }
    const stopped: string[] = [];
    for (const one of staged) {
      const reason = haltReason(found.get(one.id) ?? []);
      if (reason && (await halt(one, reason, parts))) stopped.push(one.name);
    }
    return stopped;
  };
}

/** Reads no more than the answer needs: most machines came up since they last asked. */
async function seenOf(machine: string, revision: string, records: Records): Promise<Seen> {
  const last = await records.lastBoot(machine, 'script');
  if (last?.revision !== revision) return {};
  const up_at = lastAt(await records.lastBoot(machine, 'up'), 'up');
  if (up_at === undefined) return {};
  const given = up_at >= last.at ? last : await records.firstBoot(machine, revision);
  return { asked_at: lastAt(last, 'script') ?? last.at, up_at, ...(given && { given_at: given.at }) };
}

/** When it last happened in this boot; RFC 3339, in the broker's own spelling, which sorts as time does. */
function lastAt(boot: BootRecord | undefined, stage: string): string | undefined {
  const step = boot?.steps.find((one) => one.stage === stage);
  return step && (step.last_at ?? step.at);
}

/** False when the rule has changed meanwhile: what is so now is looked at next time. */
async function halt(
  staged: Staged,
  reason: string,
  { records, clock, log, metrics }: RolloutParts,
): Promise<boolean> {
  const rule = await records.rule(staged.id);
  const { rollout } = rule ?? {};
  if (!rule || !rollout || rollout.started_at !== staged.rollout.started_at || rollout.halted_at)
    return false;
  if (rollout.revision !== staged.rollout.revision) return false;
  const at = clock().toISOString();
  const to = halted(rule, rollout, reason, at);
  const written = await records.write(
    [{ kind: 'rule', id: rule.id, expected: rule.version, to }],
    [entryOf(rule, to, reason, at)],
  );
  if (written !== 'written') return false;
  metrics.rolloutsHalted.inc({});
  log.error(
    { rule: rule.name, revision: rollout.revision, percent: rollout.percent, reason },
    'a roll-out was halted: its machines get the revision before again. See what became of them, then promote it or make another',
  );
  return true;
}

function entryOf(before: Rule, after: Rule, reason: string, at: string): AuditEntry {
  return {
    id: randomUUIDv7(),
    at,
    actor: { kind: 'broker', id: 'rollouts' },
    action: 'rule.halt',
    target: { kind: 'rule', id: before.id },
    outcome: 'done',
    reason,
    before: { rollout: before.rollout },
    after: { rollout: after.rollout },
  };
}
