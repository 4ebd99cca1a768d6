import { type CacheOptions, openCache } from './cached/cache.ts';
import type { Records } from './records.ts';

export interface CachedRecords extends Records {
  /**
   * The same store without the cache, for whatever writes: what is read to be changed, arming, holding and secrets. Its
   * writes are known to the cache at once; other processes' within its TTL.
   */
  readonly uncached: Records;
}

/**
 * Keeps what a boot reads: machines, profile revisions (for good: they never change) and ready assets. While the store is
 * down it serves what it knows, for a bounded time; "not there" only the store can say. All else goes to the store.
 */
export function cachedRecords(records: Records, options: CacheOptions): CachedRecords {
  const cache = openCache(options);

  /** Even a write that failed may have happened. */
  async function expiring<T>(write: Promise<T>, outdates: (result: T) => string | undefined): Promise<T> {
    try {
      const result = await write;
      const id = outdates(result);
      if (id !== undefined) cache.forget((value) => mentions(value, id));
      return result;
    } finally {
      cache.expire();
    }
  }

  const uncached: Records = {
    ...records,
    createMachine: (machine) => expiring(records.createMachine(machine), () => undefined),
    createProfile: (revision, activation) =>
      expiring(records.createProfile(revision, activation), () => activation?.machine_id),
    createUpload: (upload, asset) => expiring(records.createUpload(upload, asset), ({ asset: { id } }) => id),
    changeAsset: (asset, expected, upload) =>
      expiring(records.changeAsset(asset, expected, upload), () => asset.id),
  };

  return {
    ...uncached,
    uncached,
    // A machine whose script is served stale is not to wait for the deadline of a write.
    addBootEvent: async (event) => {
      const down = cache.outage();
      if (down) throw down;
      await records.addBootEvent(event);
    },
    machine: (id) => cache.get(['machine', id], () => records.machine(id)),
    findMachine: ({ mac, uuid, serial }) =>
      cache.get(['findMachine', mac, uuid, serial], async (keep) => {
        const machine = await records.findMachine({
          ...(mac && { mac }),
          ...(uuid && { uuid }),
          ...(serial && { serial }),
        });
        // The script asks by MAC, and what it names by id.
        if (machine) keep(['machine', machine.id], machine);
        return machine;
      }),
    profile: (id) => cache.get(['profile', id], () => records.profile(id), { immutable: true }),
    newestProfile: (name) => cache.get(['newestProfile', name], () => records.newestProfile(name)),
    asset: (id) => cache.get(['asset', id], () => records.asset(id)),
    namedAsset: ({ kind, name, version, arch }) =>
      cache.get(['namedAsset', kind, name, version, arch], () =>
        records.namedAsset({ kind, name, version, arch }),
      ),
    imageAssets: (name) => cache.get(['imageAssets', name], () => records.imageAssets(name)),
    newestAsset: ({ kind, name, arch }) =>
      cache.get(['newestAsset', kind, name, arch], () => records.newestAsset({ kind, name, arch })),
  };
}

/** Whether the answer is the document of this id, or a list that it is in. */
function mentions(answer: unknown, id: string): boolean {
  const { id: own, items = answer } = answer as { id?: unknown; items?: unknown };
  return own === id || (Array.isArray(items) && items.some((item) => item?.id === id));
}
