import { canonicalAddress } from '../boot/network.ts';
import { sourceGroup } from '../boot/source-group.ts';

/** Whom an address counts for, as a socket or a header spells it; all that are none count together. */
export function sourceKey(address: string | undefined): string {
  const canonical = canonicalAddress(address ?? '');
  return canonical === undefined ? 'unknown' : sourceGroup(canonical);
}
