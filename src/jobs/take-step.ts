import type { Step } from '../boot/asset/asset-step.ts';
import type { JobParts } from './parts.ts';

/** Writes one step of an asset's life. False: somebody was faster, and nothing happened. */
export async function takeStep(
  { changes, told }: Step,
  { records, audit }: Pick<JobParts, 'records' | 'audit'>,
): Promise<boolean> {
  return (await records.write(changes, [audit(...told)])) === 'written';
}
