import { assetTitle } from '../asset/asset-name.ts';
import { type Difference, differences, valueDifferences } from '../diff.ts';
import { masked } from '../masked.ts';
import type { ProfileRevision } from '../profile.ts';
import { machineTitle } from './desired.ts';
import { saidOfMachine } from './machines.ts';
import type { ApplyPlan, Current } from './plan.ts';
import { handsOut, saidOfRule } from './rules.ts';
import type { Step } from './step.ts';

/** One thing that an apply makes, changes or deletes, for a person to read. It holds no secret. */
export interface ShownChange {
  readonly action: 'create' | 'change' | 'delete';
  readonly kind: 'asset' | 'profile' | 'rule' | 'machine';
  readonly name: string;
  /** Absent of what is not there yet. */
  readonly id?: string;
  readonly differences: readonly Difference[];
}

/** What a plan does, in the order: assets, profiles, rules, machines. */
export function shownChanges(plan: ApplyPlan, current: Current): readonly ShownChange[] {
  const revisions = new Map(
    [...current.revisions, ...current.newest.values(), ...plan.profiles].map((one) => [one.id, one]),
  );
  const boots = (id: string | undefined) => (id === undefined ? undefined : revisions.get(id));
  return [
    ...plan.missing.map((asset) => shown('create', 'asset', assetTitle(asset), undefined, [])),
    ...profileChanges(plan.profiles, current.newest),
    ...plan.rules.map((step) =>
      documentChange(
        'rule',
        step,
        ({ name }) => name,
        saidOfRule,
        (rule) => boots(handsOut(rule)),
      ),
    ),
    ...plan.machines.map((step) =>
      documentChange('machine', step, machineTitle, saidOfMachine, (machine) => boots(machine.active)),
    ),
  ];
}

/** Each new revision beside the one of its name that was the newest before it. */
function profileChanges(
  made: readonly ProfileRevision[],
  newest: ReadonlyMap<string, ProfileRevision>,
): readonly ShownChange[] {
  return made.map((revision) => {
    const before = newest.get(revision.name);
    const title = `${revision.name} for ${revision.arch}`;
    if (!before) return shown('create', 'profile', title, undefined, []);
    return shown('change', 'profile', title, undefined, differences(before, revision));
  });
}

interface Managed {
  readonly id: string;
  readonly managed_by?: 'apply';
}

function documentChange<Document extends Managed>(
  kind: 'rule' | 'machine',
  { before, after }: Step<Document>,
  title: (document: Document) => string,
  fields: (document: Document) => object,
  boots: (document: Document) => ProfileRevision | undefined,
): ShownChange {
  const document = after ?? before;
  if (!document) throw new Error('a step from nothing to nothing');
  if (!before || !after) return shown(after ? 'create' : 'delete', kind, title(document), before?.id, []);
  return shown('change', kind, title(after), before.id, [
    ...partsOf(fields(before), fields(after)),
    ...revisionDifference(boots(before), boots(after)),
    ...valueDifferences('managed_by', before.managed_by, after.managed_by),
  ]);
}

function partsOf(before: object, after: object): readonly Difference[] {
  const [old, now] = [before, after] as Readonly<Record<string, unknown>>[];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => valueDifferences(name, old?.[name], now?.[name]));
}

function revisionDifference(
  before: ProfileRevision | undefined,
  after: ProfileRevision | undefined,
): readonly Difference[] {
  if (before?.id === after?.id) return [];
  if (before?.name !== after?.name) return valueDifferences('profile', before?.name, after?.name);
  return [{ path: 'profile', text: `profile: ${after?.name}, another revision of it` }];
}

function shown(
  action: ShownChange['action'],
  kind: ShownChange['kind'],
  name: string,
  id: string | undefined,
  found: readonly Difference[],
): ShownChange {
  return { action, kind, name, ...(id && { id }), differences: found.map(harmless) };
}

/** Who may look at a change may not see the secrets in it. */
function harmless(difference: Difference): Difference {
  const { path, before, after } = difference;
  const hide = (value: unknown) =>
    path
      .split('.')
      .reduceRight((one, key) => (masked({ [key]: one }) as Record<string, unknown>)[key], value);
  const [was, is] = [hide(before), hide(after)];
  const secret = JSON.stringify([was, is]) !== JSON.stringify([before, after]);
  return {
    path,
    ...(before !== undefined && { before: was }),
    ...(after !== undefined && { after: is }),
    text: secret ? `${path}: changed, and is a secret` : difference.text,
  };
}
