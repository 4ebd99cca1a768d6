import type { Asset } from '../asset/asset.ts';
import { assetTitle } from '../asset/asset-name.ts';
import type { Machine } from '../machine/machine.ts';
import { archOf, assetsOf, type ProfileRevision } from '../profile.ts';
import type { Rule } from '../rule/rule.ts';
import { desiredAssets } from './assets.ts';
import { chooseRevisions, type User } from './choices.ts';
import { type Desired, type DesiredAsset, type Fault, fault } from './desired.ts';
import { machineSteps } from './machines.ts';
import { matched } from './match.ts';
import { type Making, revisionBook } from './revisions.ts';
import { handsOut, ruleSteps } from './rules.ts';
import type { Step } from './step.ts';

/** What is there now, as far as the desired state can be about it. */
export interface Current {
  readonly machines: readonly Machine[];
  readonly rules: readonly Rule[];
  /** Those that machines and rules point to. */
  readonly revisions: readonly ProfileRevision[];
  /** The newest revision of each profile that the desired state names. */
  readonly newest: ReadonlyMap<string, ProfileRevision>;
  /** Those that the desired state names. */
  readonly assets: readonly Asset[];
}

/** All that has to be written for the desired state to be. Empty lists: it is so already. */
export interface ApplyPlan {
  /** Assets whose bytes have to come first. */
  readonly missing: readonly DesiredAsset[];
  /** New revisions, in the order in which they are written. */
  readonly profiles: readonly ProfileRevision[];
  readonly rules: readonly Step<Rule>[];
  readonly machines: readonly Step<Machine>[];
  /** The ready assets of whatever somebody is to boot from now on. */
  readonly pinned: readonly Asset[];
}

export interface ApplyOptions extends Making {
  /** Deletes the machines and rules that an earlier apply made or took over and that are no longer named. */
  readonly prune: boolean;
}

/** How to get from what is there to what is desired; or all that is wrong with that. */
export function planApply(
  desired: Desired,
  current: Current,
  options: ApplyOptions,
): ApplyPlan | readonly Fault[] {
  const present = new Map(current.assets.map((asset) => [assetTitle(asset), asset]));
  const byId = new Map(current.assets.map((asset) => [asset.id, asset]));
  const coming = new Map(desired.assets.map((asset) => [assetTitle(asset), asset]));
  const book = revisionBook(
    current.revisions,
    current.newest,
    {
      present: (name) => present.get(assetTitle(name)),
      byId: (id) => byId.get(id),
      coming: (name) => coming.get(assetTitle(name)),
    },
    options,
  );
  const assets = desiredAssets(desired.assets, (name) => present.get(assetTitle(name)));
  const match = matched(desired.machines, current.machines);
  const ruleNamed = new Map(current.rules.map((rule) => [rule.name, rule]));

  const machineUsers = desired.machines.map(({ profile, ...machine }, index): User | undefined =>
    profile === undefined || profile === null
      ? undefined
      : {
          path: ['machines', index],
          choice: profile,
          arch: archOf(machine),
          present: book.byId(match.machines[index]?.active),
        },
  );
  const ruleUsers = desired.rules.map(({ name, profile }, index): User => {
    const before = ruleNamed.get(name);
    const present = book.byId(before && handsOut(before));
    return { path: ['rules', index], choice: profile, arch: 'x86_64', present };
  });
  const users = [...machineUsers.filter((user) => user !== undefined), ...ruleUsers];
  const chosen = chooseRevisions(desired.profiles, users, book);
  const revisionOf = new Map(users.map((user, index) => [user, chosen.revisions[index]]));
  const machines = machineSteps(
    desired.machines.map((one, index) => {
      const user = machineUsers[index];
      return { desired: one, before: match.machines[index], revision: user && revisionOf.get(user) };
    }),
    current.machines,
    options,
  );
  const rules = ruleSteps(
    desired.rules.map((one, index) => {
      const user = ruleUsers[index];
      return { desired: one, before: ruleNamed.get(one.name), revision: user && revisionOf.get(user) };
    }),
    current.rules,
    chosen.renewed,
    options,
  );

  const faults = [
    ...emptiness(desired, current, options),
    ...assets.faults,
    ...chosen.faults,
    ...match.faults,
    ...machines.faults,
    ...rules.faults,
  ];
  if (faults.length > 0) return faults;
  const moved = [
    ...machines.steps.flatMap(({ before, after }) => (after?.active === before?.active ? [] : after?.active)),
    ...rules.steps.flatMap(({ before, after }) => {
      const now = after && handsOut(after);
      return now === (before && handsOut(before)) ? [] : now;
    }),
  ];
  const given = [...book.made, ...moved.flatMap((id) => book.byId(id) ?? [])];
  const pinned = new Set(given.flatMap(assetsOf).flatMap((one) => present.get(assetTitle(one)) ?? []));
  const { missing } = assets;
  return { missing, profiles: book.made, rules: rules.steps, machines: machines.steps, pinned: [...pinned] };
}

export function isPlan(planned: ApplyPlan | readonly Fault[]): planned is ApplyPlan {
  return !Array.isArray(planned);
}

/** Most likely somebody named the wrong folder. */
function emptiness(desired: Desired, { machines, rules }: Current, { prune }: ApplyOptions): Fault[] {
  const isEmpty = desired.machines.length + desired.rules.length === 0;
  if (!prune || !isEmpty || ![...machines, ...rules].some((one) => one.managed_by === 'apply')) return [];
  return [
    fault(
      [],
      'with prune, files that name no machine and no rule would delete all that apply ever made; delete those by name',
    ),
  ];
}
