import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { crc32c } from '@node-rs/crc32';
import { crc32cText } from '../../boot/asset/crc32c.ts';

export interface Digest {
  /** Base64 of the big-endian value, as Google writes it. */
  readonly crc32c: string;
  /** Hex. */
  readonly sha256: string;
}

/** Both hashes of a file in one pass. */
export async function digest(
  file: FileHandle,
  signal: AbortSignal,
  onBytes: (done: number) => void,
): Promise<Digest> {
  const sha256 = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  let crc = 0;
  let done = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, done);
    if (bytesRead === 0) break;
    const piece = buffer.subarray(0, bytesRead);
    sha256.update(piece);
    crc = crc32c(piece, crc);
    done += bytesRead;
    onBytes(done);
  }
  return { crc32c: crc32cText(crc), sha256: sha256.digest('hex') };
}
