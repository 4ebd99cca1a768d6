import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Arch, type AssetKind, type AssetName, archs, assetTitle } from '../../boot/asset/asset.ts';
import { Failure } from '../verb/failure.ts';
import { assertName } from '../verb/options.ts';

/** Something to import, and the asset that it becomes. */
export interface Source {
  readonly from: { readonly path: string } | { readonly url: URL };
  readonly name: AssetName;
}

/** What the command line says of all sources; unset: their own names do. */
export interface Given {
  readonly kind?: AssetKind | undefined;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly arch?: Arch | undefined;
}

export interface Sources {
  readonly sources: readonly Source[];
  /** Files whose names say of no kind that they are. */
  readonly skipped: readonly string[];
}

const kinds: readonly (readonly [AssetKind, RegExp])[] = [
  ['efi', /\.efi$/i],
  ['iso', /\.iso$/i],
  ['kernel', /^(vmlinu[xz]|linux|bzimage|image|kernel)([-._].*)?$|\.kernel$/i],
  ['initrd', /^(initrd|initramfs)([-._].*)?$|\.initrd$/i],
  ['rootfs', /^rootfs([-._].*)?$|\.(squashfs|rootfs)$/i],
];

/** What a file is by its name. */
export function kindOf(fileName: string): AssetKind | undefined {
  return kinds.find(([, pattern]) => pattern.test(fileName))?.[0];
}

/** All that the arguments name, before anything is fetched or sent; two that would be one asset are a mistake. */
export async function sourcesOf(args: readonly string[], given: Given): Promise<Sources> {
  const found = await Promise.all(args.map((arg) => sourceOf(arg, given)));
  const sources = found.flatMap((one) => one.sources);
  const seen = new Map<string, Source>();
  for (const source of sources) {
    const key = assetTitle(source.name);
    const other = seen.get(key);
    if (other)
      throw new Failure(
        'usage',
        `${shown(other)} and ${shown(source)} would both be ${key}; import one of them, or name the other with --kind, --name and --version`,
      );
    seen.set(key, source);
  }
  return { sources, skipped: found.flatMap((one) => one.skipped) };
}

/** Where it is from, without what may be secret in a URL. */
export function shown({ from }: Source): string {
  return 'path' in from ? from.path : from.url.origin + from.url.pathname;
}

async function sourceOf(arg: string, given: Given): Promise<Sources> {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(arg) ? parsed(arg) : undefined;
  if (url && url.protocol !== 'file:') {
    const fileName = basename(decodeURIComponent(url.pathname));
    return { sources: [{ from: { url }, name: named(fileName, arg, given) }], skipped: [] };
  }
  const path = url ? fileURLToPath(url) : arg;
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      'usage',
      `${path} cannot be read (${error.code}); give a file, a folder or an http(s) URL`,
    );
  });
  if (found.isDirectory()) return folder(path, given);
  return { sources: [{ from: { path }, name: named(basename(path), path, given) }], skipped: [] };
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:', 'file:'].includes(url.protocol))
    throw new Failure(
      'usage',
      `${text.split(/[?#]/)[0]} is no http, https or file URL; fetch it yourself and give the file`,
    );
  if (url.username || url.password)
    throw new Failure(
      'usage',
      `a URL with a password is seen by everybody on this machine; fetch it yourself and give the file`,
    );
  return url;
}

function named(fileName: string, what: string, given: Given): AssetName {
  const kind = given.kind ?? kindOf(fileName);
  if (!kind) throw new Failure('usage', `the name of ${what} does not say what it is; say it with --kind`);
  const { name, version, arch = 'x86_64' } = given;
  if (name === undefined || version === undefined)
    throw new Failure('usage', `${what} needs --name and --version`);
  assertName('--name', name);
  assertName('--version', version);
  return { kind, name, version, arch };
}

/** With name and version given, the files in it are one image; else it is a tree of NAME/VERSION[/ARCH]/FILE. */
async function folder(root: string, given: Given): Promise<Sources> {
  const isImage = given.name !== undefined && given.version !== undefined;
  const sources: Source[] = [];
  const skipped: string[] = [];
  for (const path of await filesIn(root)) {
    const parts = relative(root, path).split(sep);
    const fileName = parts.pop() ?? '';
    const placed = isImage ? (parts.length === 0 ? given : undefined) : placeOf(parts, given);
    const kind = given.kind ?? kindOf(fileName);
    if (!placed || !kind) skipped.push(path);
    else sources.push({ from: { path }, name: named(fileName, path, { ...placed, kind }) });
  }
  if (sources.length > 0) return { sources, skipped };
  throw new Failure(
    'usage',
    `there is nothing to import in ${root}; it needs NAME/VERSION/ARCH/FILE, or --name and --version, with files named as vmlinuz, initrd, *.efi, *.iso or *.squashfs`,
  );
}

function placeOf([name, version, arch, ...deeper]: readonly string[], given: Given): Given | undefined {
  if (name === undefined || version === undefined || deeper.length > 0) return undefined;
  if (arch === undefined) return { ...given, name, version };
  const known = archs.find((one) => one === arch);
  return known && { ...given, name, version, arch: known };
}

/** Every regular file below; one that a link leads out of the folder to ends the import, for it may be anything of the admin's. */
async function filesIn(root: string): Promise<string[]> {
  const home = await realpath(root);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) {
      const target = await realpath(path).catch(() => undefined);
      if (target === undefined || !(target === home || target.startsWith(home + sep)))
        throw new Failure('usage', `${path} is a link that leads out of ${root}; put the file itself there`);
      if ((await stat(target)).isFile()) files.push(path);
    } else if (entry.isFile()) files.push(path);
  }
  return files.sort();
}
