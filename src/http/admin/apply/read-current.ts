import { type Desired, type DesiredProfile, profileName } from '../../../boot/apply/desired.ts';
import type { Current } from '../../../boot/apply/plan.ts';
import { type AssetName, archs, nameOf } from '../../../boot/asset/asset-name.ts';
import { parseAssetReference, parseNameAtVersion } from '../../../boot/asset/asset-reference.ts';
import { parseInitrd } from '../../../boot/asset/initrd.ts';
import { filledSlots } from '../../../boot/asset/slots.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { assetsOf, type ProfileRevision } from '../../../boot/profile.ts';
import { every, type Records } from '../../../records/records.ts';
import type { WorldRead } from '../../plane/records-world.ts';

/** Reads of a store that run at once. */
const atOnce = 16;

/** What of the records an apply reads. */
export type ApplyRecords = Pick<Records, WorldRead | 'listMachines' | 'listRules'>;

/** What is there, as far as this desired state can be about it. */
export async function readCurrent(desired: Desired, records: ApplyRecords): Promise<Current> {
  const machines = await Array.fromAsync(every((page) => records.listMachines(page)));
  const rules = await Array.fromAsync(every((page) => records.listRules(page)));
  const choices = [...desired.machines, ...desired.rules].flatMap(({ profile }) => profile ?? []);
  const own = choices.filter((choice) => typeof choice !== 'string');
  const profiles: readonly DesiredProfile[] = [...desired.profiles, ...own];
  const names = new Set([...profiles.map(({ name }) => name), ...choices.map(profileName)]);
  const newest = await each(names, (name) => records.newestProfile(name));
  const pointers = [
    ...rules.flatMap(({ active, rollout }) => [active, rollout?.revision]),
    ...machines.filter(isNamedIn(desired)).map(({ active }) => active),
  ].filter((id) => id !== undefined);
  const revisions = await each(new Set(pointers), (id) => records.profile(id));
  const wanted = new Map(
    [...desired.assets, ...profiles.flatMap(assetNames), ...newest.flatMap(assetsOf)].map((one) => [
      JSON.stringify(nameOf(one)),
      one,
    ]),
  );
  const ids = new Set(
    profiles.flatMap((one) => filledSlots(one)).flatMap(([, one]) => parseAssetReference(one)?.id ?? []),
  );
  const identified = await each(ids, (id) => records.asset(id));
  for (const asset of identified) wanted.delete(JSON.stringify(nameOf(asset)));
  const named = await each(wanted.values(), (name) => records.namedAsset(nameOf(name)));
  return {
    machines,
    rules,
    revisions,
    newest: new Map(newest.map((revision: ProfileRevision) => [revision.name, revision])),
    assets: [...identified, ...named],
  };
}

/** Whether a machine can be one of the desired ones: only then it matters what it boots. */
function isNamedIn({ machines }: Desired): (machine: Machine) => boolean {
  const macs = new Set(machines.flatMap((one) => one.macs));
  const others = new Set(machines.flatMap(({ name, uuid, serial }) => [name, uuid, serial]));
  others.delete(undefined);
  return (machine) =>
    machine.macs.some((mac) => macs.has(mac)) ||
    [machine.name, machine.uuid, machine.serial].some((one) => others.has(one));
}

/** For which architecture it will be is not known yet. */
function assetNames(profile: DesiredProfile): AssetName[] {
  return filledSlots(profile).flatMap(([{ kind }, text]) => {
    const parsed = parseNameAtVersion(parseInitrd(text).asset);
    return parsed ? archs.map((arch) => ({ kind, ...parsed, arch })) : [];
  });
}

/** What is found of these, some at a time. */
async function each<Key, Item>(
  keys: Iterable<Key>,
  find: (key: Key) => Promise<Item | undefined>,
): Promise<readonly Item[]> {
  const waiting = [...keys];
  const found: Item[] = [];
  while (waiting.length > 0) {
    const some = await Promise.all(waiting.splice(0, atOnce).map(find));
    found.push(...some.filter((item) => item !== undefined));
  }
  return found;
}
