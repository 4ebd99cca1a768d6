import { nameOf } from '../../boot/asset/asset-name.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import { oldestSnapshotMs, type Snapshot } from '../../boot/snapshot.ts';
import type { ChangeFeed, Named } from '../changes.ts';
import type { Change, Records } from '../records.ts';
import { type CacheOptions, openCache } from './cache.ts';
import { follow } from './following.ts';
import { type Seed, seedOf } from './seed.ts';

export interface CachedOptions extends Omit<CacheOptions, 'following'> {
  /** Where other processes' changes are told; unset: nowhere. */
  readonly changes?: ChangeFeed;
  /** Changes are not told at once any more, only when they are asked for. */
  readonly onSilence?: (error: Error) => void;
  /** Boots lie elsewhere than what is kept here: they are written and read while the rest is down. */
  readonly bootsApart?: true;
}

/** What a change of that kind may make untrue: more than the document itself, as whoever it is that a MAC names. */
const readsOf: Readonly<Record<Named['kind'], readonly string[]>> = {
  machine: ['machine', 'findMachine'],
  rule: ['rulebook'],
  profile: ['profile', 'newestProfile'],
  asset: ['asset', 'namedAsset', 'imageAssets', 'newestAsset', 'damagedAssets'],
};

export interface CachedRecords extends Records {
  /**
   * The same store without the cache, for whatever writes: what is read to be changed, arming, holding and secrets. Its
   * writes are known to the cache at once; other processes' within seconds.
   */
  readonly uncached: Records;
  /** Has this stand in, while the store is down, for what the store was never heard to say; up to a day after it was taken. */
  seed(snapshot: Snapshot): void;
}

/**
 * Keeps what a boot reads: machines, profile revisions (for good: they never change) and ready assets. While the store is
 * down it serves what it knows, for a bounded time; "not there" only the store can say. All else goes to the store.
 */
export function cachedRecords(records: Records, options: CachedOptions): CachedRecords {
  const { changes: feed, onSilence, clock, bootsApart } = options;
  const following = feed && follow(feed, { clock, heard, ...(onSilence && { onSilence }) });
  const cache = openCache({ ...options, ...(following && { following }) });
  let seed: Seed | undefined;

  function heard(changes: readonly Named[]): void {
    for (const { id } of changes) forget(id);
    cache.expire(changes.flatMap(({ kind }) => readsOf[kind]));
  }

  /** What is known to be outdated is not even served in an outage. */
  function forget(id: string): void {
    cache.forget((value) => mentions(value, id));
    seed?.drop(id);
  }

  const spare =
    <T>(look: (seed: Seed) => T | undefined) =>
    () => {
      const value = seed && look(seed);
      if (!seed || value === undefined || options.clock().getTime() - seed.at >= oldestSnapshotMs)
        return undefined;
      return { value, at: seed.at };
    };

  /** The seed knows a machine by many names: under none of them may it contradict what the store said. */
  const told = (machine: Machine | undefined) => {
    if (machine) seed?.drop(machine.id);
    return machine;
  };

  const uncached: Records = {
    ...records,
    async write(changes, audit) {
      if (changes.length === 0) return records.write(changes, audit);
      // Even a write that failed may have happened, and a conflict says that somebody else was faster.
      let outdated: readonly string[] | undefined;
      try {
        const result = await records.write(changes, audit);
        if (result !== 'written') return result;
        for (const change of changes) forget(idOf(change));
        outdated = changes.flatMap(readsAfter);
        return result;
      } finally {
        cache.expire(outdated);
      }
    },
  };

  /** A machine whose script is served stale is not to wait for the deadline of another call. */
  const unlessDown = <Args extends readonly unknown[], T>(call: (...of: Args) => Promise<T>) =>
    bootsApart
      ? call
      : async (...of: Args) => {
          const down = cache.outage();
          if (down) throw down;
          return call(...of);
        };

  return {
    ...uncached,
    uncached,
    seed(snapshot) {
      seed = seedOf(snapshot);
    },
    addBootEntry: unlessDown(records.addBootEntry),
    lastBoot: unlessDown(records.lastBoot),
    machine: (id) =>
      cache.get(['machine', id], async () => told(await records.machine(id)), {
        spare: spare((seed) => seed.machine(id)),
      }),
    findMachine: ({ mac, uuid, serial }) => {
      const identity = { ...(mac && { mac }), ...(uuid && { uuid }), ...(serial && { serial }) };
      return cache.get(
        ['findMachine', mac, uuid, serial],
        async (keep) => {
          const machine = told(await records.findMachine(identity));
          // The script asks by MAC, and what it names by id.
          if (machine) keep(['machine', machine.id], machine);
          return machine;
        },
        { spare: spare((seed) => seed.findMachine(identity)) },
      );
    },
    profile: (id) =>
      cache.get(['profile', id], () => records.profile(id), {
        immutable: true,
        spare: spare((seed) => seed.profile(id)),
      }),
    rulebook: () =>
      cache.get(['rulebook'], () => records.rulebook(), { spare: spare((seed) => seed.rulebook()) }),
    newestProfile: (name) => cache.get(['newestProfile', name], () => records.newestProfile(name)),
    asset: (id) => cache.get(['asset', id], () => records.asset(id)),
    namedAsset: (named) => {
      const { kind, name, version, arch, filename } = named;
      return cache.get(
        ['namedAsset', kind, name, version, arch, filename],
        () => records.namedAsset(nameOf(named)),
        { spare: spare((seed) => seed.namedAsset(named)) },
      );
    },
    imageAssets: (name) => cache.get(['imageAssets', name], () => records.imageAssets(name)),
    // In a document, for an empty list would be "not there", which is not served in an outage. Then nothing more is known to be damaged.
    damagedAssets: async () => {
      const { damaged } = await cache.get(
        ['damagedAssets'],
        async () => ({ damaged: await records.damagedAssets() }),
        { spare: spare(() => ({ damaged: [] })) },
      );
      return damaged;
    },
    newestAsset: ({ kind, name, arch }) =>
      cache.get(['newestAsset', kind, name, arch], () => records.newestAsset({ kind, name, arch }), {
        spare: spare((seed) => seed.newestAsset({ kind, name, arch })),
      }),
  };
}

function readsAfter({ kind }: Change): readonly string[] {
  return kind === 'token' || kind === 'upload' ? [] : readsOf[kind];
}

function idOf(change: Change): string {
  if (change.kind === 'profile' || change.kind === 'upload') return change.to.id;
  return change.kind === 'asset' ? change.of.id : change.id;
}

/** Whether the answer is the document of this id, or a list that it is in. */
function mentions(answer: unknown, id: string): boolean {
  const { id: own, damaged = answer, items = damaged } = answer as Readonly<Record<string, unknown>>;
  return own === id || (Array.isArray(items) && items.some((item) => item?.id === id));
}
