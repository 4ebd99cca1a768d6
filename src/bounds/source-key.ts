import { canonicalAddress } from '../boot/network.ts';
import { sourceGroup } from '../boot/source-group.ts';

/** The group that an address counts for, as a socket or a header spells it; texts that are no address count together. */
export function sourceKey(address: string | undefined): string {
  const canonical = canonicalAddress(address ?? '');
  return canonical === undefined ? 'unknown' : sourceGroup(canonical);
}
