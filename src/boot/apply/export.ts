import { isDeepStrictEqual } from 'node:util';
import type { Asset } from '../asset/asset.ts';
import { type Arch, nameOf } from '../asset/asset-name.ts';
import type { Machine } from '../machine/machine.ts';
import { archOf, assetsOf, type ProfileRevision } from '../profile.ts';
import type { Rule } from '../rule/rule.ts';
import { type Content, contentOf } from './content.ts';
import type { Desired, DesiredMachine, DesiredProfile, DesiredRule, ProfileChoice } from './desired.ts';
import { saidOfMachine } from './machines.ts';
import { handsOut, saidOfRule } from './rules.ts';

/** All that a broker has. */
export interface Whole {
  readonly assets: readonly Asset[];
  /** Oldest first. */
  readonly profiles: readonly ProfileRevision[];
  readonly rules: readonly Rule[];
  readonly machines: readonly Machine[];
}

/** Rules take profiles for this one, unless the profile says another. */
const ruleArch: Arch = 'x86_64';

/**
 * The desired state that this is: applied to another broker with the same assets, it makes the same. What boots another revision
 * of a profile than the newest has that as a profile of its own.
 */
export function exported({ assets, profiles, rules, machines }: Whole): Desired {
  const byId = new Map(profiles.map((revision) => [revision.id, revision]));
  const newest = new Map(profiles.map((revision) => [revision.name, revision]));
  const users = [
    ...machines.map((machine) => ({ revision: byId.get(machine.active ?? ''), arch: archOf(machine) })),
    ...rules.map((rule) => ({ revision: handedOut(rule, byId, newest), arch: ruleArch })),
  ];
  const ready = new Set(assets.filter(({ state }) => state === 'ready').map(({ id }) => id));
  const shared = [...newest.values()]
    // What nothing boots, and could not be made again, is history.
    .filter(
      (one) =>
        users.some(({ revision }) => revision?.name === one.name) ||
        assetsOf(one).every(({ asset_id }) => ready.has(asset_id)),
    )
    .map((one) => sharedProfile(contentOf(one), users))
    .toSorted(by(({ name }) => name));
  const choose = (revision: ProfileRevision, arch: Arch): ProfileChoice => {
    const content = contentOf(revision);
    const common = shared.find(({ name }) => name === revision.name);
    if (common && isDeepStrictEqual({ ...common, arch: common.arch ?? arch }, content)) return revision.name;
    return content.arch === arch ? withoutArch(content) : content;
  };
  return {
    assets: assets
      .filter(({ state }) => state === 'ready')
      .map((asset) => ({
        ...nameOf(asset),
        ...{ size: asset.size, crc32c: asset.crc32c },
        ...(asset.sha256 && { sha256: asset.sha256 }),
      }))
      .toSorted(
        by(
          ({ name, version, kind, arch, filename = '' }) => `${name} ${version} ${kind} ${arch} ${filename}`,
        ),
      ),
    profiles: shared,
    rules: rules
      .flatMap((rule): DesiredRule[] => {
        const revision = handedOut(rule, byId, newest);
        // Without any revision it decides nothing.
        return revision ? [{ ...saidOfRule(rule), profile: choose(revision, ruleArch) }] : [];
      })
      .toSorted((a, b) => b.priority - a.priority),
    machines: machines
      .map((machine): DesiredMachine => {
        const revision = byId.get(machine.active ?? '');
        return { ...saidOfMachine(machine), profile: revision ? choose(revision, archOf(machine)) : null };
      })
      .toSorted(
        by(({ name, macs, uuid, serial }) => `${name ?? ''} ${macs.join()} ${uuid ?? ''} ${serial ?? ''}`),
      ),
  };
}

/** Without an architecture where that goes without saying, so that machines of others can share it. */
function sharedProfile(
  content: Content,
  users: readonly { readonly revision: ProfileRevision | undefined; readonly arch: Arch }[],
): DesiredProfile {
  const bare = withoutArch(content);
  const archs = users.flatMap(({ revision, arch }) =>
    revision?.name === content.name && isDeepStrictEqual(contentOf(revision), { ...bare, arch })
      ? [arch]
      : [],
  );
  const saysItself = archs.length === 0 || archs.includes('x86_64');
  return content.arch === 'x86_64' && saysItself ? bare : content;
}

function withoutArch({ arch: _, ...rest }: Content): DesiredProfile {
  return rest;
}

function handedOut(
  rule: Rule,
  byId: ReadonlyMap<string, ProfileRevision>,
  newest: ReadonlyMap<string, ProfileRevision>,
): ProfileRevision | undefined {
  return byId.get(handsOut(rule) ?? '') ?? newest.get(rule.profile);
}

function by<Item>(key: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}
