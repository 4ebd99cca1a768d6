import type { Asset } from '../../boot/asset/asset.ts';
import { type AssetName, assetTitle } from '../../boot/asset/asset-name.ts';
import { foundAtOnce } from '../../boot/machine/find-machine.ts';
import type { Identity } from '../../boot/machine/identity.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import type { RuleInForce } from '../../boot/rule/rule.ts';
import type { Snapshot } from '../../boot/snapshot.ts';

/** What a snapshot of the records says. That it says nothing means nothing. */
export interface Seed {
  /** In ms since 1970. */
  readonly at: number;
  machine(id: string): Machine | undefined;
  /** As the store itself finds one. */
  findMachine(identity: Identity): Machine | undefined;
  profile(id: string): ProfileRevision | undefined;
  /** Undefined once the store has said anything of a rule in it. */
  rulebook(): readonly RuleInForce[] | undefined;
  newestAsset(which: Omit<AssetName, 'version' | 'filename'>): Asset | undefined;
  namedAsset(name: AssetName): Asset | undefined;
  /** The store itself has said something newer of what has this id. */
  drop(id: string): void;
}

export function seedOf({ at, machines, profiles, rules, assets }: Snapshot): Seed {
  const dropped = new Set<string>();
  const kept = <Document extends { readonly id: string }>(document: Document | undefined) =>
    document && !dropped.has(document.id) ? document : undefined;
  const machineById = new Map(machines.map((machine) => [machine.id, machine]));
  const byMac = new Map(machines.flatMap((machine) => machine.macs.map((mac) => [mac, [machine]] as const)));
  const byUuid = Map.groupBy(machines, ({ uuid }) => uuid);
  const bySerial = Map.groupBy(machines, ({ serial }) => serial);
  const profileById = new Map(profiles.map((profile) => [profile.id, profile]));
  const machinesWith = (called: Identity) => {
    const { mac, uuid, serial } = called;
    if (mac) return byMac.get(mac) ?? [];
    return (uuid ? byUuid.get(uuid) : bySerial.get(serial)) ?? [];
  };
  return {
    at: Date.parse(at),
    machine: (id) => kept(machineById.get(id)),
    findMachine: (identity) => kept(foundAtOnce(identity, machinesWith)),
    profile: (id) => kept(profileById.get(id)),
    rulebook: () => (rules.some(({ id }) => dropped.has(id)) ? undefined : rules),
    newestAsset: ({ kind, name, arch }) =>
      kept(
        assets.find(
          (asset) =>
            asset.kind === kind && asset.name === name && asset.arch === arch && asset.filename === undefined,
        ),
      ),
    namedAsset: (named) => kept(assets.find((asset) => assetTitle(asset) === assetTitle(named))),
    drop: (id) => void dropped.add(id),
  };
}
