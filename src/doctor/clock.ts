import { failed, type Outcome, passed } from './finding.ts';
import type { Storage } from './storage.ts';

/** A URL that the broker follows itself lives for 60 s; half of that may be lost to the clock. */
const farthestOffMs = 30_000;

/** Compares the clock with the storage's, which judges signatures. Finds that it is right. */
export async function checkClock({ ask, endpoint }: Storage, clock: () => Date): Promise<Outcome<true>> {
  const before = clock().getTime();
  const answer = await ask(`${endpoint}/`);
  const ours = (before + clock().getTime()) / 2;
  const theirs = answer.status === undefined ? Number.NaN : Date.parse(answer.headers.date ?? '');
  if (Number.isNaN(theirs))
    return failed(`${endpoint} does not say what time it is; see what stands between`);
  const off = ours - theirs;
  const seconds = Math.round(Math.abs(off) / 1000);
  if (Math.abs(off) > farthestOffMs)
    return failed(
      `this machine's clock is ${seconds} s ${off > 0 ? 'ahead of' : 'behind'} the storage's, so signed URLs ${off > 0 ? 'may not be valid yet' : 'expire too early'}; set it (NTP: timedatectl set-ntp true)`,
    );
  return passed(`no more than ${Math.max(1, seconds)} s off the storage's`, true);
}
