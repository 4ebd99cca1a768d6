import { outdatedBefore } from '../boot/history/retention.ts';
import type { JobParts } from './parts.ts';

/** Boots that are older than they are kept go, also where nothing boots any more. */
export async function expireBoots({
  records,
  clock,
  bootsKeepDays,
}: Pick<JobParts, 'records' | 'clock'> & { readonly bootsKeepDays: number }): Promise<void> {
  await records.expireBoots?.(outdatedBefore(clock(), bootsKeepDays));
}
