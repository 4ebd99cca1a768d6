import type { BootRecord } from './boot-record.ts';

/** A machine whose script did not work asks again for it within this time: ten tries and more of the bootstrap script. */
export const retryWithinMs = 5 * 60_000;

/**
 * Whether a script is asked for again, by a boot that came no further: the machine's last one is young, of the same revision,
 * and has done nothing but ask for its script.
 */
export function isRetry(
  last: BootRecord | undefined,
  { revision, at }: { readonly revision: string; readonly at: Date },
): last is BootRecord {
  return (
    last !== undefined &&
    last.revision === revision &&
    at.getTime() - Date.parse(last.at) < retryWithinMs &&
    last.steps.every(({ stage }) => stage === 'script')
  );
}
