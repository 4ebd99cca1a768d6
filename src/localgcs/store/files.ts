import { randomUUID } from 'node:crypto';
import { constants, linkSync, openSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../folder.ts';
import { type Checksums, createDigest } from '../digest.ts';

/** A file that no object refers to yet; it grows at its end. */
export interface Draft {
  readonly file: string;
  /** Bytes so far. */
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** What was appended is on the disk when this returns. */
  flush(): Promise<void>;
  /** Flushes and closes; the bytes never change after this. */
  seal(): Promise<Checksums>;
  close(): Promise<void>;
  discard(): Promise<void>;
}

/** The bytes: immutable files whose names are ours, so that no object's name is ever a path. */
export interface Files {
  newName(): string;
  /** Opens a draft that holds `size` bytes already and forgets what stands behind them. */
  draft(file: string, size: number): Promise<Draft>;
  /** A descriptor that stays good when the file is removed. */
  open(file: string): number;
  /** A second name for the same bytes. */
  alias(file: string): Promise<string>;
  remove(file: string): Promise<void>;
  removeAllBut(keep: ReadonlySet<string>): void;
}

export async function openFiles(dir: string): Promise<Files> {
  makeFolder(dir);
  await sync(dirname(dir));
  const path = (file: string) => join(dir, file);
  const remove = (file: string) => rm(path(file), { force: true });

  return {
    newName: () => randomUUID(),
    draft: async (file, size) => {
      const handle = await open(path(file), constants.O_RDWR | constants.O_CREAT, 0o600);
      try {
        return await resume(file, handle, size, { syncName: () => sync(dir), remove: () => remove(file) });
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    open: (file) => openSync(path(file), 'r'),
    alias: async (file) => {
      const name = randomUUID();
      // At once, before anybody can remove it.
      linkSync(path(file), path(name));
      await sync(dir);
      return name;
    },
    remove,
    removeAllBut: (keep) => {
      for (const file of readdirSync(dir)) if (!keep.has(file)) rmSync(path(file));
    },
  };
}

async function resume(
  file: string,
  handle: FileHandle,
  already: number,
  dir: { syncName(): Promise<void>; remove(): Promise<void> },
): Promise<Draft> {
  const digest = createDigest();
  let size = 0;
  if (already > 0) {
    const stored = handle.createReadStream({ start: 0, end: already - 1, autoClose: false });
    for await (const chunk of stored) {
      digest.update(chunk);
      size += chunk.length;
    }
  }
  let named = false;
  const flush = async () => {
    await handle.datasync();
    if (!named) await dir.syncName();
    named = true;
  };
  return {
    file,
    get size() {
      return size;
    },
    append: async (chunk) => {
      // Counted only when all of it is written: what a full disk leaves behind `size` is written over.
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, size + done);
        done += bytesWritten;
      }
      digest.update(chunk);
      size += chunk.length;
    },
    flush,
    seal: async () => {
      try {
        await handle.truncate(size);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await dir.syncName();
      return digest.checksums();
    },
    close: () => handle.close(),
    discard: async () => {
      await handle.close();
      await dir.remove();
    },
  };
}

/** A file's name is only on the disk once its directory is. */
async function sync(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
