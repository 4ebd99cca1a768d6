import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Carried } from '../boot/asset/carried.ts';
import type { BlobRef } from '../boot/plan.ts';
import type { ByteRange } from '../byte-range.ts';

/** What Cloud Storage says of an object. */
export interface BlobStat {
  readonly generation: string;
  /** Bytes. */
  readonly size: number;
  /** Base64 of the big-endian value. */
  readonly crc32c: string;
  readonly type: string;
  readonly carried: Carried;
}

/** An object of a listing. */
export interface Listed extends BlobRef {
  /** Bytes. */
  readonly size: number;
  readonly createdAt: Date;
}

/** Whether a URL is made for somebody who reaches the storage elsewhere than the broker does. */
export interface UrlOptions {
  /** Seconds that the signature holds. */
  readonly ttlSeconds: number;
  /** Origin under which the receiver reaches the storage; unset: as the broker does. */
  readonly origin?: string;
  /** Characters that the URL may have. */
  readonly maxLength?: number;
  /** Signed within the last second: somebody found that an earlier one does not open. */
  readonly fresh?: boolean;
}

/** An upload that a signature opens: a POST, with exactly these headers, that answers with a resumable session. */
export interface UploadGrant {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface NewBlob {
  readonly bucket: string;
  readonly object: string;
  readonly size: number;
  readonly type: string;
}

/** What other objects of its bucket are put together to. */
export interface Composite {
  readonly bucket: string;
  readonly object: string;
  readonly type: string;
  /** What the name holds now; `0`: nothing. Unset: whatever it is, and then the call is made once, come what may. */
  readonly ifGeneration?: string;
}

export interface FollowOptions {
  /** Life of each signed URL. */
  readonly ttlSeconds: number;
  /** The size of the whole object, in bytes, when the caller knows it. */
  readonly size?: number;
  readonly range?: ByteRange;
  readonly signal: AbortSignal;
  readonly onResume?: (resumed: Resumed) => void;
}

/** A storage's answer to a signed URL: 200, or 206 to a range. */
export interface Followed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** A stream went on at another attempt: the byte that came next, and what had ended the attempt before. */
export interface Resumed {
  readonly atByte: number;
  readonly reason: string;
}

/** What was found by reading all bytes. */
export interface Digest {
  readonly size: number;
  readonly crc32c: string;
  /** Hex. */
  readonly sha256: string;
  /** The first bytes, as many as say what a program is. */
  readonly head: Buffer;
}

/** Hears how many bytes were read; what it returns holds up what comes next. */
export type OnBytes = (done: number) => Promise<void>;

/** The validators that the storage gives an object: whoever sends its bytes must name the same. */
export interface Validators {
  /** Strong, with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  readonly lastModified: Date;
}

/** What we serve: Cloud Storage as the broker uses it. Every fault is a `StoreDown`. */
export interface Blobs {
  /** Resolves when the storage answers and the bucket is there. */
  ping(): Promise<void>;
  /** `undefined`: no such object. */
  stat(bucket: string, object: string): Promise<BlobStat | undefined>;
  /** A V4 signed URL for GET (and so HEAD) of one generation; `undefined` when none is as short as it must be. */
  signedUrl(blob: BlobRef, options: UrlOptions): Promise<string | undefined>;
  /** A signature that starts one resumable upload of exactly this size and type, to a name that holds nothing yet. */
  uploadGrant(blob: NewBlob, options: UrlOptions): Promise<UploadGrant>;
  /**
   * Follows a signed URL of its own making. An object that is gone is a fault, BytesLost: the caller had it on record. When the
   * storage breaks off or stalls, the body goes on where it was; a body that ends is whole.
   */
  follow(blob: BlobRef, options: FollowOptions): Promise<Followed>;
  /** Reads all bytes; `onBytes` hears how many so far. Rejects with BytesLost where they are gone. */
  digest(blob: BlobRef, signal: AbortSignal, onBytes?: OnBytes): Promise<Digest & Validators>;
  /** What a client would get for validators, without reading it. Rejects with BytesLost where its bytes are gone. */
  validators(blob: BlobRef): Promise<Validators>;
  /** Every object whose name begins so, in the order of names. */
  list(prefix: string): AsyncIterable<Listed>;
  /** Deletes that generation, if it is still there. */
  remove(blob: BlobRef): Promise<void>;
  /**
   * Puts 1 to 32 objects together, in order (Google: "Composite objects"). `undefined`: the name holds something else
   * than `ifGeneration` says, which may be what an earlier attempt made whose answer was lost.
   */
  compose(composite: Composite, sources: readonly BlobRef[]): Promise<BlobStat | undefined>;
  /**
   * Starts a resumable upload to a name that holds nothing yet; `undefined`: it holds something. The URI opens it to
   * whoever has it, for a week: it is a secret. `origin`: where its receiver reaches the storage; unset: as the broker does.
   */
  startSession(blob: NewBlob, options?: { readonly origin?: string }): Promise<string | undefined>;
  /** Reads a small object of the broker's own, whatever it is now; undefined: no such object. More than `mostBytes` is a fault. */
  read(object: string, mostBytes: number): Promise<Buffer | undefined>;
  /** Writes one, over what is there. */
  put(object: string, bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}
