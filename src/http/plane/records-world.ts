import { ofNewestImage, onlyOf } from '../../boot/asset/image.ts';
import type { World } from '../../boot/world.ts';
import type { Records } from '../../records/records.ts';

/** What of the records a decision may need. */
export type WorldRead =
  | 'findMachine'
  | 'machine'
  | 'rulebook'
  | 'profile'
  | 'newestProfile'
  | 'asset'
  | 'namedAsset'
  | 'newestAsset'
  | 'imageAssets'
  | 'damagedAssets';

/** The world as the records know it. */
export function recordsWorld(records: Pick<Records, WorldRead>): World {
  return {
    machineBy: (identity) => records.findMachine(identity),
    machine: (id) => records.machine(id),
    rules: () => records.rulebook(),
    revision: (which) => ('id' in which ? records.profile(which.id) : records.newestProfile(which.newest)),
    damaged: () => records.damagedAssets(),
    async asset(which) {
      if ('id' in which) return records.asset(which.id);
      if ('named' in which) return records.namedAsset(which.named);
      if ('newest' in which) return records.newestAsset(which.newest);
      if ('onlyOf' in which) return onlyOf(await records.imageAssets(which.onlyOf.name), which.onlyOf);
      return ofNewestImage(await records.imageAssets(which.ofNewestImage.name), which.ofNewestImage);
    },
  };
}
