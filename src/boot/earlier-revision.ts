import type { Pointer } from './activation.ts';

/**
 * The revision to go back to: what was active before the present one. Going back is a move like any other, so a move to
 * what was there already undoes all that came after it: back from C to B, and back again to A.
 */
export function earlierRevision({
  active,
  history,
}: Pick<Pointer, 'active' | 'history'>): string | undefined {
  const trail: string[] = [];
  for (const { revision } of history) {
    const before = trail.indexOf(revision);
    if (before >= 0) trail.length = before;
    trail.push(revision);
  }
  const now = active === undefined ? -1 : trail.indexOf(active);
  return now > 0 ? trail[now - 1] : undefined;
}
