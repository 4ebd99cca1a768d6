import { hashOf, type ResolvedAsset } from './asset/asset.ts';
import { writtenAs } from './asset/initrd.ts';
import { filledSlots } from './asset/slots.ts';
import type { ProfileRevision } from './profile.ts';

/** One field in which two revisions differ; the side that lacks it is left out. */
export interface Difference {
  /** Such as `kernel`, `initrds.0`, `cmdline`, `metadata.users.2.name`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** One line for a person. */
  readonly text: string;
}

/** How two revisions of profiles differ, beyond their ids and times. Empty: a machine could not tell them apart. */
export function differences(before: ProfileRevision, after: ProfileRevision): readonly Difference[] {
  return [
    ...valueDifferences('name', before.name, after.name),
    ...valueDifferences('arch', before.arch, after.arch),
    ...assetDifferences(before, after),
    ...valueDifferences('disk', before.disk, after.disk),
    ...cmdlineDifference(before.cmdline, after.cmdline),
    ...valueDifferences('metadata', before.metadata, after.metadata),
  ];
}

function assetDifferences(before: ProfileRevision, after: ProfileRevision): readonly Difference[] {
  const inPlace = (revision: ProfileRevision) =>
    new Map(filledSlots(revision).map(([{ field }, asset]) => [field.join('.'), asset]));
  const [was, is] = [inPlace(before), inPlace(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort((one, other) => placeOf(one) - placeOf(other))
    .flatMap((path) => assetDifference(path, was.get(path), is.get(path)));
}

const places = ['kernel', 'efi', 'iso', 'rootfs', 'initrds', 'files'];
const placeOf = (path: string) => places.indexOf(path.split('.')[0] ?? '');

function assetDifference(
  path: string,
  before: ResolvedAsset | undefined,
  after: ResolvedAsset | undefined,
): readonly Difference[] {
  const brief = (asset: ResolvedAsset | undefined) =>
    asset && `${writtenAs(asset)} ${asset.arch}, ${asset.size} bytes, ${hashOf(asset)}`;
  return brief(before) === brief(after) ? [] : [difference(path, brief(before), brief(after))];
}

/** Word by word: command lines are long, and mostly the same. */
function cmdlineDifference(before: string, after: string): readonly Difference[] {
  if (before === after) return [];
  const [gone, come] = [without(before, after), without(after, before)];
  const said = [gone.length > 0 && `without ${gone.join(' ')}`, come.length > 0 && `with ${come.join(' ')}`];
  const text = said.filter(Boolean).join(', ') || 'the same words, in another order or spacing';
  return [{ path: 'cmdline', before, after, text: `cmdline: ${text}` }];
}

/** The words of one that the other has fewer of. */
function without(one: string, other: string): readonly string[] {
  const left = other.split(/ +/);
  return one.split(/ +/).filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at < 0 && word !== '';
  });
}

/** How two values differ, part by part. */
export function valueDifferences(path: string, before: unknown, after: unknown): readonly Difference[] {
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) =>
      valueDifferences(`${path}.${name}`, own(before, name), own(after, name)),
    );
  }
  return Object.is(before, after) ? [] : [difference(path, before, after)];
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function own(tree: Tree, name: string): unknown {
  return Object.hasOwn(tree, name) ? tree[name] : undefined;
}

function difference(path: string, before: unknown, after: unknown): Difference {
  const text =
    before === undefined
      ? `${path}: new, ${shown(after)}`
      : after === undefined
        ? `${path}: gone, was ${shown(before)}`
        : `${path}: ${shown(before)} becomes ${shown(after)}`;
  return { path, ...(before !== undefined && { before }), ...(after !== undefined && { after }), text };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
