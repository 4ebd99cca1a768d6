import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parseArchName } from '../../boot/asset/arch.ts';
import { Failure } from '../verb/failure.ts';
import { nameFault, versionFault } from '../verb/options.ts';
import { kindOf, knownFiles } from './file-kind.ts';
import { type Given, named, type Source, type Sources } from './import-source.ts';

/**
 * What a folder holds: with name and version given, the files of one image; else a tree of NAME/VERSION[/ARCH]/FILE. Files of which
 * nothing says what they are stay where they are, unless nothing else is there.
 */
export async function folderSources(root: string, given: Given): Promise<Sources> {
  const isImage = given.name !== undefined && given.version !== undefined;
  const sources: Source[] = [];
  const skipped: string[] = [];
  const faults: string[] = [];
  for (const path of await filesIn(root)) {
    const parts = relative(root, path).split(sep);
    const fileName = parts.pop() ?? '';
    const kind = given.kind ?? kindOf(fileName);
    const placed = isImage ? (parts.length === 0 ? given : undefined) : kind && placeOf(parts, given, root);
    if (!placed || !kind) skipped.push(path);
    else if (Array.isArray(placed)) faults.push(...placed);
    else {
      const name = named(fileName, path, { ...placed, kind });
      if (Array.isArray(name)) faults.push(...name);
      else sources.push({ from: { path }, name });
    }
  }
  if (sources.length > 0 || faults.length > 0) return { sources, skipped, faults };
  return { sources, skipped, faults: [nothing(root, isImage, skipped)] };
}

/** What was looked for, and what is there instead. */
function nothing(root: string, isImage: boolean, found: readonly string[]): string {
  const wanted = isImage
    ? `a file named as ${knownFiles}`
    : `NAME/VERSION/FILE or NAME/VERSION/ARCH/FILE, with FILE named as ${knownFiles}`;
  const some = found.slice(0, 3).map((path) => relative(root, path));
  const more = found.length > some.length ? ` and ${found.length - some.length} more` : '';
  const there = some.length > 0 ? `it has ${some.join(', ')}${more}` : 'it has no file at all';
  const help = isImage ? 'say what they are with --kind' : 'or give --name and --version for one image';
  return `there is nothing to import in ${root}: ${there}; it needs ${wanted}, ${help}`;
}

/** What the folders above a file say; what is wrong with them; undefined where they are none of this form. */
function placeOf(
  [name, version, arch, ...deeper]: readonly string[],
  given: Given,
  root: string,
): Given | string[] | undefined {
  if (name === undefined || version === undefined || deeper.length > 0) return undefined;
  const known = arch === undefined ? given.arch : parseArchName(arch);
  if (arch !== undefined && !known) return undefined;
  const faults = [nameFault('the folder', name), versionFault('the folder', version)];
  const told = faults.flatMap((fault) => (fault ? `${join(root, name)}: ${fault}` : []));
  if (told.length > 0) return told;
  return { ...given, name, version, ...(known && { arch: known }) };
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
