import { setTimeout as sleep } from 'node:timers/promises';
import { hasBytes } from '../../../boot/asset/condition.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { AdminParts } from '../parts.ts';
import type { Reply } from '../route.ts';

/** How long a scrub is waited for before it is 202, and a look at what somebody asks about; in ms. */
const patienceMs = 5_000;
const lookMs = 2_000;

/** Reads an asset again; the answer says how it was found, or that it is still being read. */
export async function scrubAsset(id: string, parts: AdminParts): Promise<Reply | Refusal> {
  const { records, log } = parts;
  const asset = await records.asset(id);
  if (!asset) return refuse('unknown-asset', `There is no asset ${id}. List them: bootbroker asset list`);
  if (!hasBytes(asset))
    return refuse(
      'asset-not-ready',
      `Asset ${id} is ${asset.state}: it has no bytes yet that could be read.`,
    );
  const scrubbing = parts.scrub(id).then(() => 200 as const);
  // After 202 nobody waits for it.
  scrubbing.catch((error: unknown) => log.warn({ error, asset: id }, 'an asset could not be scrubbed'));
  const status = await Promise.race([scrubbing, sleep(patienceMs, 202 as const, { ref: false })]);
  return { status, body: (await records.asset(id)) ?? asset };
}

/** Has the storage asked whether it still has these assets. Where it does not answer in time, what was known before stands. */
export async function lookedAt(ids: Iterable<string>, { look, log }: AdminParts): Promise<void> {
  const looks = [...ids].map((id) =>
    look(id).catch((error: unknown) => log.warn({ error, asset: id }, 'an asset could not be looked at')),
  );
  await Promise.race([Promise.all(looks), sleep(lookMs, undefined, { ref: false })]);
}
