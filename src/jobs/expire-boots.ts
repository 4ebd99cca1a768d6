import type { JobParts } from './parts.ts';

const dayMs = 24 * 3600 * 1000;

/** Boots that are older than they are kept go, also where nothing boots any more. */
export async function expireBoots({
  records,
  clock,
  bootsKeepDays,
}: Pick<JobParts, 'records' | 'clock'> & { readonly bootsKeepDays: number }): Promise<void> {
  await records.expireBoots?.(new Date(clock().getTime() - bootsKeepDays * dayMs));
}
