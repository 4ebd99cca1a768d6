import { join } from 'node:path';
import { nameAtVersion } from '../../boot/asset/asset-name.ts';
import type { Entry, Manifest } from '../manifest/gather.ts';
import type { Mistake } from '../manifest/problem.ts';
import { convertGroups } from './groups.ts';
import { convertProfile } from './profiles.ts';
import type { MatchboxFile, MatchboxFolder } from './read.ts';

export interface Converted {
  readonly manifest: Manifest;
  readonly notes: readonly Mistake[];
  readonly faults: readonly Mistake[];
}

/** A whole Matchbox data folder as our files would say it. Nothing of it is dropped without a note or a fault. */
export function convertMatchbox(found: MatchboxFolder, folder: string, assetVersion: string): Converted {
  const profiles = found.profiles.map((from) => ({ from, ...convertProfile(from, assetVersion) }));
  const names = new Map(profiles.map(({ from, profile }) => [from.id, profile?.name]));
  const groups = convertGroups(found.groups, names);
  const assets = new Map<string, { from: MatchboxFile; file: string; value: object }>();
  const collisions: Mistake[] = [];
  for (const { from, assets: some } of profiles)
    for (const { name, file } of some) {
      const key = JSON.stringify(name);
      const other = assets.get(key);
      if (other && other.file !== file)
        collisions.push({
          at: from.at(['boot']),
          message: `${file} and ${other.file} would both be ${nameAtVersion(name)}; rename one`,
        });
      assets.set(key, { from, file, value: { ...name, file } });
    }
  const entry = (from: MatchboxFile, value: object): Entry => ({
    value: value as Entry['value'],
    folder: join(folder, 'assets'),
    at: () => from.at([]),
  });
  return {
    manifest: {
      assets: [...assets.values()].map(({ from, value }) => entry(from, value)),
      profiles: profiles.flatMap(({ from, profile }) => (profile ? entry(from, profile) : [])),
      rules: groups.rules.map(({ from, rule }) => entry(from, rule)),
      machines: groups.machines.map(({ from, machine }) => entry(from, machine)),
    },
    notes: [...profiles.flatMap(({ notes }) => notes), ...groups.notes],
    faults: [...profiles.flatMap(({ faults }) => faults), ...groups.faults, ...collisions],
  };
}
