import { createHash } from 'node:crypto';
import { activated, changed } from '../activation.ts';
import type { Rollout, Rule, RuleInForce } from './rule.ts';

/**
 * Where a machine stands in a roll-out: 0 to 100, the same for ever, spread evenly, and another for each revision, so that it
 * is not always the same machines that go first.
 */
export function placeInRollout(machineId: string, revision: string): number {
  const digest = createHash('sha256').update(`${revision}\n${machineId}`).digest();
  return (digest.readUIntBE(0, 6) / 2 ** 48) * 100;
}

/** Whether the roll-out has come to this machine. One that was halted goes to nobody. */
export function reaches(rollout: Rollout, machineId: string): boolean {
  return covers(rollout, placeInRollout(machineId, rollout.revision));
}

function covers({ halted_at, percent }: Rollout, place: number): boolean {
  return halted_at === undefined && place < percent;
}

/** The revision that a rule hands out to this machine, and why that one. */
export function handedOut(
  rule: RuleInForce,
  machineId: string,
): { readonly revision: string; readonly reason: string } | undefined {
  const { active, rollout } = rule;
  if (!active) return undefined;
  if (!rollout) return { revision: active, reason: `rule ${rule.name} assigns ${rule.profile}` };
  const place = placeInRollout(machineId, rollout.revision);
  const shown = place.toFixed(2);
  const share = `${rollout.percent} % of machines`;
  if (covers(rollout, place))
    return {
      revision: rollout.revision,
      reason: `rule ${rule.name} rolls out a new ${rule.profile} to ${share}, this one among them (its place is ${shown})`,
    };
  const why = rollout.halted_at
    ? `its roll-out was halted (${rollout.reason ?? 'no reason is known'})`
    : `its roll-out reaches ${share}, not this one (its place is ${shown})`;
  return { revision: active, reason: `rule ${rule.name} assigns ${rule.profile}; ${why}` };
}

/** The next version of the rule, with a new revision to hand out: to everybody at once, or first to its share of machines. */
export function withRevision(rule: Rule, revision: string, at: string): Rule {
  const { rollout: _, ...steady } = rule;
  if (rule.active === revision) return changed(steady, at);
  if (rule.active === undefined || rule.percent === 100) return activated(steady, revision, at);
  return changed({ ...steady, rollout: { revision, percent: rule.percent, started_at: at } }, at);
}

/** The roll-out goes on to `percent` of the machines; with 100 it is done. What had halted it is forgotten. */
export function promoted(rule: Rule, rollout: Rollout, percent: number, at: string): Rule {
  const { rollout: _, ...steady } = rule;
  if (percent === 100) return activated(steady, rollout.revision, at);
  return changed({ ...steady, rollout: { revision: rollout.revision, percent, started_at: at } }, at);
}

/** Nobody gets the new revision any more, until somebody promotes the roll-out again. */
export function halted(rule: Rule, rollout: Rollout, reason: string, at: string): Rule {
  return changed({ ...rule, rollout: { ...rollout, halted_at: at, reason } }, at);
}

/** What one machine of a roll-out shows. `silent`: it came up before, but not since it got the new revision. */
export type Sign = 'well' | 'silent' | 'pending' | 'no word';

/** A machine has this long from its script to its report: firmware of a large server and a system to unpack, twice over. */
export const reportWithinMs = 20 * 60_000;
/** A roll-out is halted when more than this share of the machines whose outcome is known fell silent. */
const silentShare = 0.2;

/** What a machine's boot events say of one roll-out; RFC 3339. */
export interface Seen {
  /** When it first got the new revision. */
  readonly given_at?: string;
  /** When it last did. */
  readonly asked_at?: string;
  /** When it last reported `up`, whatever it had booted. */
  readonly up_at?: string;
}

/** Only a machine that has ever reported `up` can be missed, and only by the stage of the roll-out in which it asked. */
export function signOf({ given_at, asked_at, up_at }: Seen, { started_at }: Rollout, now: Date): Sign {
  if (!given_at || !asked_at || !up_at) return 'no word';
  const [given, asked, up, started] = [given_at, asked_at, up_at, started_at].map(Date.parse) as [
    number,
    number,
    number,
    number,
  ];
  if (up >= given) return 'well';
  if (asked < started) return 'no word';
  return now.getTime() - Math.max(given, started) > reportWithinMs ? 'silent' : 'pending';
}

/** Why the roll-out is to be halted; undefined while it may go on. */
export function haltReason(signs: readonly Sign[]): string | undefined {
  const silent = signs.filter((sign) => sign === 'silent').length;
  const known = silent + signs.filter((sign) => sign === 'well').length;
  if (silent === 0 || silent / known <= silentShare) return undefined;
  return `${silent} of ${known} machines did not report up within ${reportWithinMs / 60_000} minutes of getting it`;
}
