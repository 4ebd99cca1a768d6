import type { Patience } from '../broker/patience.ts';
import { Failure } from '../verb/failure.ts';
import { type Line, type Said, sendChunk, storedBytes } from './session.ts';
import { changed, type SourceFile } from './source-file.ts';

/** A multiple of 256 KiB, of the size that Google recommends at least. */
const chunkBytes = 8 * 1024 * 1024;
const pieceBytes = 256 * 1024;

export interface Sending {
  readonly file: SourceFile;
  readonly uri: string;
  /** Bytes known to be stored; undefined: ask. */
  readonly stored: number | undefined;
  readonly line: Line;
  readonly patience: Patience;
  /** Bytes handed to the network so far. */
  onBytes(done: number): void;
}

/** `began`: the byte at which this sending started. `lost`: the session is over and a new upload is needed. */
export type Sent = { readonly kind: 'complete'; readonly began: number } | { readonly kind: 'lost' };

/**
 * Sends what the session lacks, chunk after chunk. What is stored is the storage's word alone: after any trouble it is
 * asked again.
 */
export async function sendFile(sending: Sending): Promise<Sent> {
  const { file, uri, line, patience } = sending;
  let stored = sending.stored;
  let began = stored;
  let most = -1;
  for (;;) {
    await file.assertUnchanged();
    const said =
      stored === undefined || stored === file.size
        ? await storedBytes(uri, file.size, line)
        : await chunk(sending, stored);
    switch (said.kind) {
      case 'complete':
        await file.assertUnchanged();
        return { kind: 'complete', began: began ?? file.size };
      case 'lost':
        return said;
      case 'refused':
        throw new Failure('refused', `${said.why}; run the same command again, or look at the storage's log`);
      case 'trouble':
        await patience.wait(said.why, said.retryAfterSeconds);
        stored = undefined;
        break;
      case 'persisted':
        if (said.bytes > most) patience.reset();
        else if (stored !== undefined) await patience.wait('the storage took the bytes and stored none');
        began ??= said.bytes;
        most = Math.max(most, said.bytes);
        stored = said.bytes;
        sending.onBytes(stored);
    }
  }
}

function chunk(sending: Sending, from: number): Promise<Said> {
  const { file, uri, line } = sending;
  const to = Math.min(from + chunkBytes, file.size);
  return sendChunk(uri, { from, to, total: file.size }, pieces(sending, from, to), line);
}

async function* pieces({ file, onBytes }: Sending, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; ) {
    // a fresh buffer each: the one before may still wait in the socket
    const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, to - at));
    const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw changed(file.path);
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
    onBytes(at);
  }
}
