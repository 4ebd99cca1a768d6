import type { bootRecordSchema } from '../schema/boot.ts';
import type { Output } from '../schema/type.ts';

/** One boot of a machine: what it asked for, what it fetched, and how far it said it got. */
export type BootRecord = Output<typeof bootRecordSchema>;
export type BootStep = BootRecord['steps'][number];

/** Boots of one machine that are kept: of more, the newest. */
export const mostBoots = 100;
/** A record stays small, whatever its machine does. */
export const mostSteps = 64;
/** Bytes of all its steps as JSON. */
export const mostStepBytes = 16 * 1024;
/** Bytes of UTF-8 that are kept of what a machine reports. */
export const longestDetail = 2 * 1024;

/** A stage that only the broker gives. */
export function isOwnStage(stage: string): stage is 'script' | 'asset' {
  return stage === 'script' || stage === 'asset';
}

/**
 * The boot with one more step. What happens again is counted in its own step: the same script or asset, and a report of the
 * same stage, whose last words count. A step that has no room is left out, and that is counted.
 */
export function withStep(boot: BootRecord, step: BootStep): BootRecord {
  const { detail: _, ...short } = step;
  const fitting = [step, short].map((one) => added(boot.steps, one)).find(fits);
  return fitting ? { ...boot, steps: fitting } : withLeftOut(boot, 1);
}

/** The boot that had so many more steps than it keeps. */
export function withLeftOut(boot: BootRecord, count: number): BootRecord {
  return count === 0 ? boot : { ...boot, left_out: (boot.left_out ?? 0) + count };
}

function added(steps: readonly BootStep[], step: BootStep): BootStep[] {
  const before = steps.findIndex((one) => isSame(one, step));
  if (before < 0) return [...steps, step];
  const { at, times = 1 } = steps[before] as BootStep;
  return steps.with(before, { ...step, at, times: times + 1, last_at: step.at });
}

function isSame(one: BootStep, other: BootStep): boolean {
  return one.stage === other.stage && (one.stage !== 'asset' || one.detail === other.detail);
}

function fits(steps: readonly BootStep[]): boolean {
  return steps.length <= mostSteps && Buffer.byteLength(JSON.stringify(steps)) <= mostStepBytes;
}

/** As much of what a machine said as is kept, whole characters. */
export function keptDetail(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= longestDetail) return text;
  return new TextDecoder().decode(bytes.subarray(0, longestDetail), { stream: true });
}
