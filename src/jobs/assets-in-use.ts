import { assetsOf } from '../boot/profile.ts';
import { every, type Records } from '../records/records.ts';

/** An asset's id, and the revision that refers to it, in words. */
export type Live = ReadonlyMap<string, string>;

/**
 * The assets that a live revision refers to. Live is what a machine or a rule hands out, or may hand out again: what they
 * point to and all of their histories, a roll-out that is under way, and the newest revision of each profile's name.
 * Revisions are read first: one that is made meanwhile names only assets that are ready.
 */
export async function liveAssets(records: Records): Promise<Live> {
  const assets = new Map<string, readonly string[]>();
  const newest = new Map<string, string>();
  const live = new Map<string, string>();
  for await (const revision of every((page) => records.listProfiles(page))) {
    assets.set(
      revision.id,
      assetsOf(revision).map(({ asset_id }) => asset_id),
    );
    newest.set(revision.name, revision.id);
  }
  const refer = async (why: string, revisions: Iterable<string | undefined>) => {
    for (const id of new Set(revisions)) {
      if (id === undefined) continue;
      const known = assets.get(id) ?? (await assetsIn(records, id));
      assets.set(id, known);
      for (const asset of known) if (!live.has(asset)) live.set(asset, `${why} (revision ${id})`);
    }
  };
  for await (const { id, active, history } of every((page) => records.listMachines(page)))
    await refer(`machine ${id}`, [active, ...history.map(({ revision }) => revision)]);
  for await (const { name, active, history, rollout } of every((page) => records.listRules(page)))
    await refer(`rule ${name}`, [active, rollout?.revision, ...history.map(({ revision }) => revision)]);
  for (const [name, id] of newest) await refer(`profile ${name}`, [id]);
  return live;
}

async function assetsIn(records: Records, revision: string): Promise<readonly string[]> {
  const found = await records.profile(revision);
  return found ? assetsOf(found).map(({ asset_id }) => asset_id) : [];
}
