import type { Asset, AssetName } from '../../boot/asset.ts';
import type { Identity, Machine } from '../../boot/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import type { Snapshot } from '../../boot/snapshot.ts';

/** What a snapshot of the records says. That it says nothing means nothing. */
export interface Seed {
  /** In ms since 1970. */
  readonly at: number;
  machine(id: string): Machine | undefined;
  /** As the store itself finds one: by MAC, else by UUID, else by serial, the latter two if exactly one machine has it. */
  findMachine(identity: Identity): Machine | undefined;
  profile(id: string): ProfileRevision | undefined;
  newestAsset(which: Omit<AssetName, 'version'>): Asset | undefined;
  /** Of what has this id the store itself has said something newer. */
  drop(id: string): void;
}

export function seedOf({ at, machines, profiles, assets }: Snapshot): Seed {
  const dropped = new Set<string>();
  const kept = <Document extends { readonly id: string }>(found: readonly Document[] | undefined) =>
    found?.length === 1 && found[0] && !dropped.has(found[0].id) ? found[0] : undefined;
  const byMachineId = Map.groupBy(machines, ({ id }) => id);
  const byMac = Map.groupBy(
    machines.flatMap((machine) => machine.macs.map((mac) => ({ mac, machine }))),
    ({ mac }) => mac,
  );
  const byUuid = Map.groupBy(machines, ({ uuid }) => uuid);
  const bySerial = Map.groupBy(machines, ({ serial }) => serial);
  const byProfileId = Map.groupBy(profiles, ({ id }) => id);
  return {
    at: Date.parse(at),
    machine: (id) => kept(byMachineId.get(id)),
    findMachine: ({ mac, uuid, serial }) =>
      kept(
        (mac && byMac.get(mac)?.map(({ machine }) => machine)) ||
          (uuid && byUuid.get(uuid)) ||
          (serial && bySerial.get(serial)) ||
          undefined,
      ),
    profile: (id) => kept(byProfileId.get(id)),
    newestAsset: ({ kind, name, arch }) =>
      kept(assets.filter((asset) => asset.kind === kind && asset.name === name && asset.arch === arch)),
    drop: (id) => void dropped.add(id),
  };
}
