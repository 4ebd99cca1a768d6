import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../verb/failure.ts';

/** A file that is being pushed, and must stay as it was when it was opened. */
export interface SourceFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
  /** Throws when the file is no longer what was opened. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

export async function openSource(path: string): Promise<SourceFile> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', `${path} cannot be read (${error.code}); give the path of a file`);
  });
  const before = await handle.stat({ bigint: true });
  if (!before.isFile() || before.size === 0n) {
    await handle.close();
    throw new Failure(
      'usage',
      `${path} is ${before.isFile() ? 'empty' : 'no regular file'}; give the path of one with content`,
    );
  }
  return {
    path,
    handle,
    size: Number(before.size),
    async assertUnchanged() {
      const now = await handle.stat({ bigint: true });
      if (now.size !== before.size || now.mtimeNs !== before.mtimeNs) throw changed(path);
    },
    close: () => handle.close(),
  };
}

export function changed(path: string): Failure {
  return new Failure(
    'failed',
    `${path} changed while it was being pushed, and nothing of it is an asset; push it again when nobody writes to it`,
  );
}
