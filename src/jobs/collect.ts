import type { Asset } from '../boot/asset/asset.ts';
import { condemned, deleted, reprieved } from '../boot/asset/asset-life.ts';
import type { Step } from '../boot/asset/asset-step.ts';
import { every } from '../records/records.ts';
import { liveAssets } from './assets-in-use.ts';
import { type Orphan, orphans } from './orphans.ts';
import type { JobParts } from './parts.ts';
import { takeStep } from './take-step.ts';

/** Longer than any write that was begun before an asset was condemned can still be under way. */
export const graceMs = 3_600_000;

/** What became of one retired asset, or would. */
export interface Fate {
  readonly fate: 'kept' | 'condemned' | 'deleted';
  readonly asset: Asset;
  /** Who refers to it, or from when on it is deleted. */
  readonly because: string;
}

export interface Collected {
  readonly dry_run: boolean;
  readonly assets: readonly Fate[];
  /** Objects that no record knows. */
  readonly orphans: readonly Orphan[];
  /** That were freed, or would be. */
  readonly bytes: number;
}

export interface CollectParts extends JobParts {
  readonly bucket: string;
}

/**
 * Condemns what is retired and nothing live refers to, deletes what was condemned a grace period ago and still has no
 * reference, and deletes old objects that no record knows. docs/decisions/0010 says why nothing in use can be lost.
 */
export async function collect(
  parts: CollectParts,
  { dryRun, orphanAgeMs }: { readonly dryRun: boolean; readonly orphanAgeMs: number },
): Promise<Collected> {
  const assets = await judge(parts, await retired(parts), dryRun);
  const lost = await orphans(parts, { dryRun, olderThanMs: orphanAgeMs });
  const freed = assets.filter(({ fate }) => fate === 'deleted').map(({ asset }) => asset.size);
  const bytes = [...freed, ...lost.map(({ size }) => size)].reduce((sum, size) => sum + size, 0);
  return { dry_run: dryRun, assets, orphans: lost, bytes };
}

/** Deletes what was condemned, and condemns nothing; asks for no reference as long as there is nothing to delete. */
export async function deleteCondemned(parts: CollectParts): Promise<number> {
  const now = parts.clock().getTime();
  const due = (await retired(parts)).filter((asset) => isDue(asset, now));
  if (due.length === 0) return 0;
  return (await judge(parts, due, false)).filter(({ fate }) => fate === 'deleted').length;
}

async function retired({ records }: CollectParts): Promise<Asset[]> {
  return Array.fromAsync(every((page) => records.listAssets({ state: 'retired' }, page)));
}

function isDue({ condemned_at }: Asset, now: number): boolean {
  return condemned_at !== undefined && Date.parse(condemned_at) + graceMs <= now;
}

/** The assets are read before the references: what is made meanwhile refers to none of them. */
async function judge(parts: CollectParts, assets: readonly Asset[], dryRun: boolean): Promise<Fate[]> {
  if (assets.length === 0) return [];
  const live = await liveAssets(parts.records);
  const fates: Fate[] = [];
  for (const asset of assets) {
    const fate = fateOf(asset, live.get(asset.id), parts.clock());
    if (dryRun || (await carryOut(fate, parts))) fates.push(fate);
  }
  return fates;
}

function fateOf(asset: Asset, referrer: string | undefined, now: Date): Fate {
  if (referrer !== undefined) return { fate: 'kept', asset, because: referrer };
  if (isDue(asset, now.getTime())) return { fate: 'deleted', asset, because: 'nothing refers to it' };
  const since = Date.parse(asset.condemned_at ?? now.toISOString());
  return { fate: 'condemned', asset, because: `deleted from ${new Date(since + graceMs).toISOString()} on` };
}

/** False: somebody changed the asset meanwhile, and nothing happened. */
async function carryOut({ fate, asset }: Fate, parts: CollectParts): Promise<boolean> {
  const step = steps[fate](asset, parts.clock());
  if (!step) return true;
  if (!(await takeStep(step, parts))) return false;
  if (fate !== 'deleted') return true;
  // The record first: without its bytes it could be taken back into use. Bytes without a record are orphans, and go later.
  if (asset.generation) await parts.blobs.remove({ ...asset, generation: asset.generation });
  const { id, object, size } = asset;
  parts.log.info({ asset: id, object, bytes: size }, 'a retired asset is deleted');
  return true;
}

const steps: Readonly<Record<Fate['fate'], (asset: Asset, now: Date) => Step | undefined>> = {
  kept: reprieved,
  condemned,
  deleted,
};
