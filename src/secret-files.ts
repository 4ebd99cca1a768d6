import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/** A file or folder that holds secrets and that others than its owner may read or write. */
export interface OpenFile {
  readonly path: string;
  /** Such as `0644`. */
  readonly mode: string;
  /** What closes it. */
  readonly command: string;
}

/**
 * Which of these files, and of the data folder and the files in it, others may open. As ssh does it, a file of somebody else's
 * is not looked at: who mounts secrets decides who reads them. What is not there is closed.
 */
export function openToOthers(files: readonly string[], dataDir?: string): readonly OpenFile[] {
  const inside = dataDir === undefined ? [] : [dataDir, ...filesIn(dataDir)];
  return [...new Set([...inside, ...files])].flatMap((path) => openFile(path) ?? []);
}

/** One line about one of them, what to do included. */
export function openFileLine({ path, mode, command }: OpenFile): string {
  return `${path} holds secrets, and others may open it (mode ${mode}): ${command}`;
}

function openFile(path: string): OpenFile | undefined {
  const found = lookAt(path);
  if (!found || found.uid !== process.geteuid?.() || (found.mode & 0o077) === 0) return undefined;
  const mode = `0${(found.mode & 0o777).toString(8).padStart(3, '0')}`;
  return { path, mode, command: `chmod ${found.isDirectory() ? 700 : 600} ${path}` };
}

/** Tokens, keys, databases with what belongs to them; what is in folders below is open to nobody who may not open this one. */
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [join(folder, entry.name)] : [],
    );
  } catch {
    return []; // whoever needs it says why it cannot be read
  }
}

function lookAt(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
