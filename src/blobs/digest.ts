import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { crc32c } from '@node-rs/crc32';
import { crc32cText } from '../boot/asset/crc32c.ts';
import { headBytes } from '../boot/asset/program.ts';
import type { Digest } from './blobs.ts';

/** Reads a stream to its end and says what it held. */
export async function digest(body: Readable, onBytes?: (done: number) => Promise<void>): Promise<Digest> {
  const sha256 = createHash('sha256');
  let checksum = 0;
  let size = 0;
  let head = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
    sha256.update(chunk);
    checksum = crc32c(chunk, checksum);
    size += chunk.length;
    if (onBytes) await onBytes(size);
  }
  return { size, crc32c: crc32cText(checksum), sha256: sha256.digest('hex'), head };
}
