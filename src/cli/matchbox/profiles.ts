import { posix } from 'node:path';
import type { DesiredProfile } from '../../boot/apply/desired.ts';
import { type AssetKind, type AssetName, nameAtVersion } from '../../boot/asset/asset-name.ts';
import { isFields } from '../fields.ts';
import type { Mistake } from '../manifest/problem.ts';
import { translated } from './cmdline.ts';
import { assetNamed, nameFrom } from './names.ts';
import type { MatchboxFile } from './read.ts';

/** A file under `assets/`, and the asset that it is to be. */
export interface MatchboxAsset {
  readonly name: AssetName;
  /** Relative to `assets/`. */
  readonly file: string;
}

export interface ConvertedProfile {
  /** Undefined: it boots nothing. */
  readonly profile: DesiredProfile | undefined;
  readonly assets: readonly MatchboxAsset[];
  /** What is different here, or does nothing here. */
  readonly notes: readonly Mistake[];
  /** What cannot be done here at all. */
  readonly faults: readonly Mistake[];
}

const known = ['id', 'name', 'boot', 'ignition_id', 'cloud_id', 'generic_id'];

/** A profile of Matchbox (matchbox storage.proto: Profile, NetBoot). */
export function convertProfile({ id, fields, at }: MatchboxFile, assetVersion: string): ConvertedProfile {
  const notes: Mistake[] = [];
  const faults: Mistake[] = [];
  const assets: MatchboxAsset[] = [];
  const note = (path: readonly (string | number)[], message: string) => notes.push({ at: at(path), message });
  const fault = (path: readonly (string | number)[], message: string) =>
    faults.push({ at: at(path), message });

  for (const field of Object.keys(fields))
    if (!known.includes(field)) note([field], `${field} is unknown to Matchbox, and left out`);
  const title = { id, ...texts(fields, ['name', 'ignition_id', 'cloud_id', 'generic_id']) };
  for (const field of ['ignition_id', 'cloud_id', 'generic_id'] as const)
    if (title[field])
      note(
        [field],
        `${field} ${title[field]} has no equivalent: this broker renders no configuration; go on serving it elsewhere, at the address that the arguments name`,
      );
  const boot = isFields(fields.boot) ? fields.boot : {};
  for (const field of Object.keys(boot))
    if (!['kernel', 'initrd', 'args'].includes(field))
      fault(['boot', field], `boot.${field} has no equivalent`);
  const { kernel } = boot;
  if (typeof kernel !== 'string' || kernel === '') {
    note(['boot'], 'boots no kernel, and so there is no profile of it');
    return { profile: undefined, assets, notes, faults };
  }
  const reference = (
    kind: AssetKind,
    path: readonly (string | number)[],
    source: unknown,
  ): string | undefined => {
    const found = assetOf(kind, source, assetVersion);
    if ('left' in found) {
      fault(path, found.left);
      return undefined;
    }
    for (const message of found.notes) note(path, message);
    if (found.file !== undefined) assets.push({ name: found.name, file: found.file });
    return nameAtVersion(found.name);
  };
  const initrds = list(boot.initrd).map((one, n) => reference('initrd', ['boot', 'initrd', n], one));
  const words = list(boot.args).flatMap((one, n) => {
    const { text, note: told, left } = translated(String(one));
    if (told) note(['boot', 'args', n], told);
    if (left) fault(['boot', 'args', n], left);
    return text ?? [];
  });
  const kernelReference = reference('kernel', ['boot', 'kernel'], kernel);
  if (kernelReference === undefined || initrds.includes(undefined))
    return { profile: undefined, assets: [], notes, faults };
  const arm = assets.some(({ name }) => name.arch === 'arm64');
  const profile: DesiredProfile = {
    name: nameFrom(id),
    ...(arm && { arch: 'arm64' }),
    kernel: kernelReference,
    initrds: initrds.filter((one) => one !== undefined),
    cmdline: words.join(' '),
    metadata: { matchbox: title },
  };
  if (profile.name !== id) note([], `${id} is called ${profile.name} here`);
  return { profile, assets, notes, faults };
}

type Found =
  | { readonly name: AssetName; readonly file?: string; readonly notes: readonly string[] }
  | { readonly left: string };

function assetOf(kind: AssetKind, source: unknown, assetVersion: string): Found {
  if (typeof source !== 'string') return { left: 'must be a text' };
  if (source.includes('${')) return { left: `${source}: only iPXE knows what that is; write the path out` };
  const [, options = '', address = ''] = /^((?:--\S+(?: +|=)\S+ +)*)(\S+)$/.exec(source.trim()) ?? [];
  const notes = options ? [`${options.trim()} is left out: the broker names files itself`] : [];
  if (address === '') return { left: `${source} is no path` };
  if (/^https?:\/\//.test(address)) {
    const name = assetNamed(decoded(new URL(address).pathname), kind, assetVersion);
    const { version, arch } = name;
    const command = `bootbroker asset import ${address} --kind ${kind} --name ${name.name} --version ${version} --arch ${arch}`;
    return { name, notes: [...notes, `${address} is fetched by no broker; bring it once: ${command}`] };
  }
  const path = posix.normalize(decoded(address));
  if (!path.startsWith('/assets/') || decoded(address).split('/').includes('..'))
    return { left: `${address} is neither an address nor a path under /assets/` };
  const file = path.slice('/assets/'.length);
  return { name: assetNamed(file, kind, assetVersion), file, notes };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function texts<Field extends string>(fields: Readonly<Record<string, unknown>>, wanted: readonly Field[]) {
  const found = wanted.flatMap((field) => {
    const value = fields[field];
    return typeof value === 'string' && value !== '' ? [[field, value] as const] : [];
  });
  return Object.fromEntries(found) as Partial<Record<Field, string>>;
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
