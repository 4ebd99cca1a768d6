import type { Asset } from '../asset/asset.ts';
import { namedBy } from '../asset/asset-networks.ts';
import type { Machine } from '../machine/machine.ts';
import { assetsOf, type ProfileRevision } from '../profile.ts';
import type { Desired } from './desired.ts';
import type { ApplyPlan } from './plan.ts';

/** The new revisions with the machines that they are made for, and what becomes of the assets that they name. */
export function owned(
  { profiles, machines, rules }: ApplyPlan,
  desired: Desired,
  now: string,
): { readonly profiles: readonly ProfileRevision[]; readonly becomes: (asset: Asset) => Asset } {
  const shared = new Set(desired.profiles.map(({ name }) => name));
  const ruled = new Set(rules.flatMap(({ after }) => [after?.active, after?.rollout?.revision]));
  const booting = Map.groupBy(
    machines.flatMap(({ after }) => after ?? []),
    ({ active }) => active,
  );
  const ownerOf = ({ id, name }: ProfileRevision): Machine | undefined => {
    const own = booting.get(id) ?? [];
    return own.length === 1 && !shared.has(name) && !ruled.has(id) ? own[0] : undefined;
  };
  const naming = new Map<string, Set<Machine | undefined>>();
  for (const revision of profiles)
    for (const { asset_id } of assetsOf(revision))
      naming.set(asset_id, (naming.get(asset_id) ?? new Set()).add(ownerOf(revision)));
  return {
    profiles: profiles.map((revision) => {
      const owner = ownerOf(revision);
      return owner ? { ...revision, machine_id: owner.id } : revision;
    }),
    becomes: (asset) =>
      [...(naming.get(asset.id) ?? [])].reduce((one, owner) => namedBy(one, owner, now), asset),
  };
}
