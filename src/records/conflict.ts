import type { ApiToken } from '../boot/access/token.ts';
import type { Asset } from '../boot/asset/asset.ts';
import type { AssetName } from '../boot/asset/asset-name.ts';
import type { AssetChange } from '../boot/asset/asset-step.ts';
import type { Upload } from '../boot/asset/upload.ts';
import type { Machine } from '../boot/machine/machine.ts';
import { inForce, type RuleInForce } from '../boot/rule/rule.ts';
import type { Change, Conflict } from './records.ts';

/** What a driver has read, in the transaction that is to write. */
export interface Known {
  machine(id: string): Machine | undefined;
  token(id: string): ApiToken | undefined;
  namedAsset(name: AssetName): Asset | undefined;
  upload(id: string): Upload | undefined;
  /** Id of the machine that holds the MAC. */
  holder(mac: string): string | undefined;
  readonly rulebook: readonly RuleInForce[];
}

/** Why these changes cannot be made to what is known; undefined when they can. */
export function conflictOf(changes: readonly Change[], known: Known): Conflict | undefined {
  for (const change of changes) {
    const conflict = isStale(change, known);
    if (conflict) return conflict;
  }
  return macTaken(changes, known) ?? ruleTaken(changes, known.rulebook);
}

function isStale(change: Change, known: Known): Conflict | undefined {
  if (change.kind === 'profile') return undefined;
  if (change.kind === 'asset') {
    const { of } = change;
    return isAsExpected(known.namedAsset(of), change)
      ? undefined
      : { kind: 'changed', what: 'asset', id: of.id };
  }
  if (change.kind === 'upload') {
    const { id } = change.to;
    return known.upload(id)?.state === change.expected ? undefined : { kind: 'changed', what: 'upload', id };
  }
  const { kind, id, expected } = change;
  const version = versionOf(kind, id, known);
  if ((version ?? 0) === expected) return undefined;
  return { kind: 'changed', what: kind, id, ...(version !== undefined && { version }) };
}

function isAsExpected(known: Asset | undefined, { of, expected }: AssetChange): boolean {
  if (!known || !expected) return !known && !expected;
  const { state, upload_id, updated_at = known.updated_at } = expected;
  return (
    known.id === of.id &&
    known.state === state &&
    known.upload_id === upload_id &&
    known.updated_at === updated_at
  );
}

function versionOf(kind: 'machine' | 'rule' | 'token', id: string, known: Known): number | undefined {
  if (kind === 'rule') return known.rulebook.find((rule) => rule.id === id)?.version;
  return (kind === 'machine' ? known.machine(id) : known.token(id))?.version;
}

function macTaken(changes: readonly Change[], known: Known): Conflict | undefined {
  const { released } = macsMoved(changes, known);
  const claimed = new Map<string, string>();
  for (const change of changes) {
    if (change.kind !== 'machine' || !change.to) continue;
    for (const mac of new Set(change.to.macs)) {
      const holder = claimed.get(mac) ?? (released.has(mac) ? undefined : known.holder(mac));
      if (holder !== undefined) return { kind: 'taken', what: 'mac', key: mac, holder };
      claimed.set(mac, change.id);
    }
  }
  return undefined;
}

/** The MACs that these changes' machines had, and the ones that they have after them. */
export function macsMoved(
  changes: readonly Change[],
  known: Pick<Known, 'machine'>,
): { readonly released: ReadonlySet<string>; readonly claimed: ReadonlyMap<string, string> } {
  const machines = changes.filter((change) => change.kind === 'machine');
  return {
    released: new Set(machines.flatMap(({ id }) => known.machine(id)?.macs ?? [])),
    claimed: new Map(machines.flatMap(({ id, to }) => to?.macs.map((mac) => [mac, id] as const) ?? [])),
  };
}

/** The machines that go with these changes: what they did goes, too. */
export function machinesGone(changes: readonly Change[]): readonly string[] {
  return changes.flatMap((change) => (change.kind === 'machine' && !change.to ? change.id : []));
}

/** The rules as they are after these changes, the highest priority first. */
export function rulebookAfter(
  changes: readonly Change[],
  before: readonly RuleInForce[],
): readonly RuleInForce[] {
  const after = new Map(before.map((rule) => [rule.id, rule]));
  for (const change of changes) {
    if (change.kind !== 'rule') continue;
    if (change.to) after.set(change.id, inForce(change.to));
    else after.delete(change.id);
  }
  return [...after.values()].toSorted((a, b) => b.priority - a.priority);
}

function ruleTaken(changes: readonly Change[], before: readonly RuleInForce[]): Conflict | undefined {
  const changed = new Set(changes.flatMap((change) => (change.kind === 'rule' ? change.id : [])));
  const after = rulebookAfter(changes, before);
  // Who had it before is the holder.
  const rules = [...after.filter(({ id }) => !changed.has(id)), ...after.filter(({ id }) => changed.has(id))];
  const names = new Map<string, string>();
  const priorities = new Map<number, string>();
  for (const { id, name, priority } of rules) {
    const namesake = names.get(name);
    if (namesake !== undefined) return { kind: 'taken', what: 'rule-name', key: name, holder: namesake };
    const equal = priorities.get(priority);
    if (equal !== undefined)
      return { kind: 'taken', what: 'rule-priority', key: String(priority), holder: equal };
    names.set(name, id);
    priorities.set(priority, id);
  }
  return undefined;
}

/** What a fault's message says was being done. */
export function writing(changes: readonly Change[]): string {
  return `writing ${[...new Set(changes.map(({ kind }) => kind))].join(', ') || 'nothing'}`;
}
