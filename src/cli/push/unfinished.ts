import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../folder.ts';

/** An upload whose bytes are on their way. */
export interface Unfinished {
  readonly upload_id: string;
  readonly asset_id: string;
  /** The session URI: whoever has it may write the object. */
  readonly session: string;
  /** RFC 3339. */
  readonly created_at: string;
}

/** A resumable session lives one week (Google: "Resumable uploads"). */
const weekMs = 7 * 24 * 3600 * 1000;

/** Remembers unfinished uploads across calls, one file each, readable by nobody else. Never fails: it is only a memory. */
export interface UnfinishedUploads {
  find(key: string, now: Date): Promise<Unfinished | undefined>;
  keep(key: string, upload: Unfinished): Promise<void>;
  forget(key: string): Promise<void>;
}

/** Two pushes are the same when all of these are: the broker, the asset's name, its size and its hashes. */
export function pushKey(parts: Readonly<Record<string, string | number | undefined>>): string {
  const sorted = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

export function unfinishedUploads(stateDir: string): UnfinishedUploads {
  const folder = join(stateDir, 'uploads');
  const fileOf = (key: string) => join(folder, `${key}.json`);
  return {
    async find(key, now) {
      await sweep(folder, now);
      try {
        const upload = JSON.parse(await readFile(fileOf(key), 'utf8')) as Unfinished;
        return isUnfinished(upload) && now.getTime() - Date.parse(upload.created_at) < weekMs
          ? upload
          : undefined;
      } catch {
        // missing or broken: a new upload is always possible
        return undefined;
      }
    },
    async keep(key, upload) {
      try {
        makeFolder(folder);
        await chmod(folder, 0o700);
        const temporary = `${fileOf(key)}.${process.pid}`;
        await writeFile(temporary, JSON.stringify(upload), { mode: 0o600 });
        await rename(temporary, fileOf(key));
      } catch {
        // no place to write, as in many containers: the push goes on, only a later call cannot take it up
      }
    },
    forget: (key) => rm(fileOf(key), { force: true }).catch(() => {}),
  };
}

/** Deletes what is older than any session can be: it has no use, and may still be a capability somebody might think is one. */
export async function sweep(folder: string, now: Date): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && now.getTime() - found.mtimeMs > weekMs) await rm(path, { force: true });
  }
}

function isUnfinished(value: Unfinished): boolean {
  return [value.upload_id, value.asset_id, value.session, value.created_at].every(
    (one) => typeof one === 'string',
  );
}
