import type { DesiredMachine, DesiredRule } from '../../boot/apply/desired.ts';
import { isName } from '../../boot/asset/asset-name.ts';
import { parseMac, parseUuid } from '../../boot/machine/identity.ts';
import { isMake } from '../../boot/machine/make.ts';
import type { Selector } from '../../boot/rule/selector.ts';
import { isFields } from '../fields.ts';
import type { Mistake } from '../manifest/problem.ts';
import { nameFrom } from './names.ts';
import type { MatchboxFile } from './read.ts';

export interface ConvertedGroups {
  readonly machines: readonly { readonly machine: DesiredMachine; readonly from: MatchboxFile }[];
  readonly rules: readonly { readonly rule: DesiredRule; readonly from: MatchboxFile }[];
  readonly notes: readonly Mistake[];
  readonly faults: readonly Mistake[];
}

/** A group with its selector understood. */
interface Group {
  readonly from: MatchboxFile;
  readonly profile: string;
  readonly parts: readonly (readonly [key: string, value: string])[];
  readonly labels: Readonly<Record<string, string>>;
}

const identities = ['mac', 'uuid', 'serial'];
/** What machines say here, too, and rules select by. */
const makes = ['manufacturer', 'product'];
const known = ['id', 'name', 'profile', 'selector', 'metadata'];

/**
 * Groups of Matchbox: of those that match the one with most selectors wins, ties go by the alphabet (matchbox storagepb/group.go,
 * ByReqs). One that selects by MAC, UUID or serial alone is a machine with its profile, unless a narrower group has the same: then,
 * as all others, it is a rule, and the machine has no profile of its own.
 */
export function convertGroups(
  files: readonly MatchboxFile[],
  profiles: ReadonlyMap<string, string | undefined>,
): ConvertedGroups {
  const notes: Mistake[] = [];
  const faults: Mistake[] = [];
  const groups = files
    .flatMap((file) => understood(file, notes, faults))
    .toSorted(
      (a, b) =>
        b.parts.length - a.parts.length ||
        compare(selectorText(a), selectorText(b)) ||
        compare(a.from.id, b.from.id),
    );
  const machines = new Map<string, { machine: DesiredMachine; from: MatchboxFile }>();
  const rules: { rule: DesiredRule; from: MatchboxFile }[] = [];
  const seen = new Map<string, string>();
  for (const [rank, group] of groups.entries()) {
    const { from, profile, parts, labels } = group;
    const text = selectorText(group);
    const twin = seen.get(text);
    if (twin !== undefined) {
      faults.push({
        at: from.at([]),
        message: `selects the same as ${twin}; Matchbox never uses the second: delete it`,
      });
      continue;
    }
    seen.set(text, from.id);
    if (!profiles.has(profile)) {
      faults.push({ at: from.at(['profile']), message: `there is no profile ${profile}` });
      continue;
    }
    const name = profiles.get(profile);
    const own = parts.filter(([key]) => identities.includes(key));
    const alone = own.length > 0 && own.length === parts.length;
    const others = groups.filter(
      (other) => other !== group && other.parts.some((part) => own.some((one) => same(part, one))),
    );
    if (name === undefined)
      notes.push({
        at: from.at([]),
        message: `its profile ${profile} boots nothing, and so it has none here`,
      });
    if (own.length > 0) addMachine(machines, group, alone && others.length === 0 ? name : undefined);
    if ((alone && others.length === 0) || name === undefined) continue;
    if (Object.keys(labels).length > 0 && !alone)
      notes.push({
        at: from.at(['metadata']),
        message: 'metadata belongs to machines here, as labels: give them these where templates use them',
      });
    for (const [key] of parts)
      if (makes.includes(key))
        notes.push({
          at: from.at(['selector', key]),
          message: `in Matchbox ${key} has to be the same; here it may also be a part of what the machine says, in either case`,
        });
      else if (!identities.includes(key))
        notes.push({
          at: from.at(['selector', key]),
          message: `in Matchbox the machine itself says ${key} when it asks; here ${key} is a label that you give to machines`,
        });
    if (parts.length === 0)
      notes.push({
        at: from.at([]),
        message:
          'is for every machine that is registered here; BROKER_UNKNOWN_MACHINE=profile:NAME is for all others',
      });
    rules.push({
      from,
      rule: {
        name: nameFrom(from.id),
        selector: selectorOf(parts),
        profile: name,
        priority: (groups.length - rank) * 10,
        percent: 100,
      },
    });
  }
  return { machines: [...machines.values()], rules, notes, faults };
}

function understood(file: MatchboxFile, notes: Mistake[], faults: Mistake[]): readonly Group[] {
  const { fields, at } = file;
  for (const field of Object.keys(fields))
    if (!known.includes(field))
      notes.push({ at: at([field]), message: `${field} is unknown to Matchbox, and left out` });
  if (typeof fields.profile !== 'string' || fields.profile === '') {
    faults.push({ at: at(['profile']), message: 'a group needs a profile' });
    return [];
  }
  const parts: (readonly [string, string])[] = [];
  const broken: Mistake[] = [];
  for (const [key, value] of Object.entries(isFields(fields.selector) ? fields.selector : {})) {
    const part = partOf(key, String(value));
    if (typeof part === 'string') broken.push({ at: at(['selector', key]), message: part });
    else parts.push(part);
  }
  faults.push(...broken);
  if (broken.length > 0) return [];
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(isFields(fields.metadata) ? fields.metadata : {})) {
    if (isName(key) && ['string', 'number', 'boolean'].includes(typeof value) && String(value).length <= 256)
      labels[key] = String(value);
    else
      notes.push({
        at: at(['metadata', key]),
        message: `${key} is no label: those are short texts; it is left out`,
      });
  }
  return [{ from: file, profile: fields.profile, parts, labels }];
}

/** Reserved selectors are read as Matchbox reads them; all others are labels. */
function partOf(key: string, value: string): readonly [string, string] | string {
  const reserved = key.toLowerCase();
  if (reserved === 'mac') {
    const mac = parseMac(value);
    return mac ? [reserved, mac] : `${value} is no MAC address of one interface`;
  }
  if (reserved === 'uuid') {
    const uuid = parseUuid(value);
    return uuid ? [reserved, uuid] : `${value} is no UUID of a machine`;
  }
  if (reserved === 'serial') return [reserved, value];
  if (makes.includes(reserved))
    return isMake(value) ? [reserved, value] : `${value} is no ${reserved}: too long, or not to be printed`;
  return isName(key) && value.length <= 256 ? [key, value] : `${key} is no name of a label`;
}

function addMachine(
  machines: Map<string, { machine: DesiredMachine; from: MatchboxFile }>,
  group: Group,
  profile: string | undefined,
): void {
  const { parts, labels, from } = group;
  const { mac, uuid, serial } = Object.fromEntries(parts) as Readonly<Record<string, string | undefined>>;
  const key = mac ?? uuid ?? serial ?? '';
  const before = machines.get(key)?.machine;
  machines.set(key, {
    from: machines.get(key)?.from ?? from,
    machine: {
      // A machine has the name of that of its groups which is about nothing else.
      name:
        parts.length === [mac, uuid, serial].filter(Boolean).length
          ? nameFrom(from.id)
          : (before?.name ?? nameFrom(from.id)),
      macs: mac ? [mac] : [],
      ...(uuid && { uuid }),
      ...(serial && { serial }),
      labels: { ...labels, ...before?.labels },
      networks: [],
      ...(profile !== undefined && { profile }),
    },
  });
}

function selectorOf(parts: Group['parts']): Selector {
  const all = parts.map(
    ([key, value]): Selector =>
      identities.includes(key) || makes.includes(key)
        ? ({ [key]: value } as Selector)
        : { label: { [key]: value } },
  );
  const [only] = all;
  return only && all.length === 1 ? only : { all };
}

function selectorText({ parts }: Group): string {
  return parts
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

function same(
  [key, value]: readonly [string, string],
  [otherKey, otherValue]: readonly [string, string],
): boolean {
  return key === otherKey && value === otherValue;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
