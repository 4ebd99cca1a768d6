import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Failure } from '../verb/failure.ts';

/** A file's bytes, and what to call it. */
export interface ManifestFile {
  readonly path: string;
  readonly bytes: Buffer;
}

const mostFiles = 1000;
/** Bytes, of all files of one apply. */
const largest = 4 * 1024 * 1024;

/** The file; standard input for `-`; or of a folder every `.yaml`, `.yml` and `.json` in it, in the order of their names, folders below included. */
export function manifestFiles(path: string): readonly ManifestFile[] {
  if (path === '-') return [{ path: 'stdin', bytes: readFileSync(0) }];
  const found = kindOf(path) === 'folder' ? [...within(path, realpathSync(path))] : [path];
  if (found.length === 0)
    throw new Failure(
      'usage',
      `there is no .yaml, .yml or .json file in ${path}; give the folder that has them`,
    );
  if (found.length > mostFiles)
    throw new Failure(
      'usage',
      `${path} has ${found.length} files, and ${mostFiles} is the most; give a smaller folder`,
    );
  const files: ManifestFile[] = [];
  let size = 0;
  for (const one of found) {
    size += kindOf(one) === 'file' ? statSync(one).size : 0;
    if (size > largest)
      throw new Failure(
        'usage',
        `${path} has more than ${largest / 2 ** 20} MiB; apply it in parts, without --prune`,
      );
    files.push({ path: one, bytes: read(one) });
  }
  return files;
}

function* within(folder: string, root: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (name.startsWith('.')) continue;
    const isYaml = /\.(ya?ml|json)$/i.test(name);
    if (lstatSync(path).isDirectory()) yield* within(path, root);
    else if (isYaml && isInside(path, root)) yield path;
    else if (isYaml)
      throw new Failure(
        'usage',
        `${path} leads out of ${folder}; put the file itself there, not a link to it`,
      );
  }
}

/** Whether what the path leads to, through all links, lies in that (real) folder. */
export function isInside(path: string, root: string): boolean {
  try {
    return realpathSync(path).startsWith(root.endsWith(sep) ? root : root + sep);
  } catch {
    return false;
  }
}

function kindOf(path: string): 'file' | 'folder' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    throw unreadable(path, error);
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Failure {
  return new Failure(
    'usage',
    `${path} cannot be read (${(error as NodeJS.ErrnoException).code}); give the path of a file or folder`,
  );
}
