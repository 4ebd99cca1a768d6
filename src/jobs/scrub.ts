import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStat } from '../blobs/blobs.ts';
import type { Asset } from '../boot/asset/asset.ts';
import { ungranted } from '../boot/asset/carried.ts';
import { damageRead, damageSeen, foundDamaged, foundWhole, hasBytes } from '../boot/asset/condition.ts';
import { BytesLost } from '../boot/store-down.ts';
import { every } from '../records/records.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { JobParts } from './parts.ts';
import { takeStep } from './take-step.ts';

/** How old a finding may become before the bytes are read again. */
const everyMs = 7 * 24 * 3600 * 1000;
/** A round leaves the disk, and the storage's thread, to those who boot. */
const bytesPerSecond = 32 * 1024 * 1024;
/** Shorter pauses are not worth a timer; in ms. */
const leastPause = 20;

export interface ScrubParts extends JobParts {
  /** Unset: Google keeps the bytes, reads them by itself, and is paid for reading: there its word is enough. */
  readonly localgcs: object | undefined;
  readonly metrics: Pick<Metrics, 'damagedAssets' | 'scrubbedBytes'>;
}

/** Sees whether what machines may be given is still what was verified. Findings are written down; a store that is down rejects. */
export interface Scrubber {
  /** Whether the object is there, and has the bytes that it should have, without reading them; all of one that was damaged is read. */
  look(assetId: string): Promise<void>;
  /** Reads all bytes, in the embedded storage. Calls for one asset share one run. */
  scrub(assetId: string): Promise<void>;
  /** Looks at all, and scrubs what is due, one after the other. What is left over at its end is due the next time. */
  round(stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export function openScrubber(parts: ScrubParts): Scrubber {
  const { records, clock, log, metrics } = parts;
  const closing = new AbortController();
  const running = new Map<string, Promise<void>>();

  const scrub = (id: string, stop: AbortSignal, bytesEachSecond?: number): Promise<void> => {
    const run =
      running.get(id) ??
      scrubOnce(id, parts, AbortSignal.any([stop, closing.signal]), bytesEachSecond).finally(() =>
        running.delete(id),
      );
    running.set(id, run);
    return run;
  };

  return {
    async look(id) {
      const asset = await records.asset(id);
      if (!asset || !hasBytes(asset)) return;
      const damage = await damageAtSight(asset, parts, await parts.blobs.stat(asset.bucket, asset.object));
      if (damage) await tellDamage(asset, damage, parts);
      else if (asset.condition) await scrub(id, closing.signal); // somebody may have restored it
    },
    scrub: (id) => scrub(id, closing.signal),
    async round(stop) {
      const before = clock().getTime() - everyMs;
      const isDue = (asset: Asset) =>
        asset.condition !== undefined || Date.parse(asset.scrubbed_at ?? asset.ready_at ?? '') <= before;
      const failed = (id: string) => (error: unknown) => {
        if (!stop.aborted)
          log.warn({ error, asset: id }, 'an asset could not be scrubbed: the next round tries again');
      };
      for await (const asset of every((page) => records.listAssets({}, page))) {
        if (stop.aborted) return;
        if (!hasBytes(asset)) continue;
        if (isDue(asset)) await scrub(asset.id, stop, bytesPerSecond).catch(failed(asset.id));
        else if (parts.localgcs) await this.look(asset.id).catch(failed(asset.id));
      }
      metrics.damagedAssets.set((await records.damagedAssets()).length);
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running.values());
    },
  };
}

async function scrubOnce(
  id: string,
  parts: ScrubParts,
  signal: AbortSignal,
  bytesEachSecond: number | undefined,
): Promise<void> {
  const { records, blobs, clock, log, localgcs, metrics } = parts;
  const asset = await records.asset(id);
  if (!asset || !hasBytes(asset)) return;
  const seen = await blobs.stat(asset.bucket, asset.object);
  const other = seen && ungranted(seen.carried);
  if (other)
    log.warn(
      { asset: id, object: asset.object, other },
      'the headers of an asset are not as they were granted: see who may change metadata in the bucket',
    );
  let damage = await damageAtSight(asset, parts, seen);
  if (!damage && localgcs) {
    const pace = bytesEachSecond === undefined ? undefined : pacer(bytesEachSecond, signal);
    damage = await lostIn(async () => damageRead(asset, await blobs.digest(blobOf(asset), signal, pace)));
    metrics.scrubbedBytes.inc({}, asset.size);
  }
  if (damage) return await tellDamage(asset, damage, parts);
  const found = foundWhole(asset, clock());
  if (!('changes' in found)) return void (await records.write([found]));
  if (await takeStep(found, parts)) log.info({ asset: id }, 'an asset that was damaged is as it should be');
}

/** The index of a storage and its disk are two things: the first byte must come as well. */
async function damageAtSight(
  asset: Asset,
  { blobs }: ScrubParts,
  seen: BlobStat | undefined,
): Promise<string | undefined> {
  return damageSeen(asset, seen) ?? (await lostIn(() => blobs.validators(blobOf(asset))));
}

async function tellDamage(asset: Asset, damage: string, parts: ScrubParts): Promise<void> {
  const step = foundDamaged(asset, damage, parts.clock());
  if (!step || !(await takeStep(step, parts))) return;
  const { id, object } = asset;
  parts.log.error({ asset: id, object, damage }, 'an asset is damaged: no machine is given it any more');
}

/** What was found; or why the bytes cannot be had, where the storage says that they are lost. */
async function lostIn(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    const found = await work();
    return typeof found === 'string' ? found : undefined;
  } catch (error) {
    if (!(error instanceof BytesLost)) throw error;
    return error.cause instanceof Error ? error.cause.message : error.message;
  }
}

function blobOf({ bucket, object, generation = '' }: Asset) {
  return { bucket, object, generation };
}

/** Waits as long as reading went faster than so many bytes a second. */
function pacer(bytesEachSecond: number, signal: AbortSignal) {
  const begun = performance.now();
  return async (done: number): Promise<void> => {
    const early = (done / bytesEachSecond) * 1000 - (performance.now() - begun);
    if (early >= leastPause) await sleep(early, undefined, { signal, ref: false });
  };
}
