const dayMs = 24 * 3600 * 1000;

/** When a boot of that moment has been kept for so many days. */
export function keptUntil(at: string, keepDays: number): Date {
  return new Date(Date.parse(at) + keepDays * dayMs);
}

/** Boots from before then have been kept for so many days. */
export function outdatedBefore(now: Date, keepDays: number): Date {
  return new Date(now.getTime() - keepDays * dayMs);
}
