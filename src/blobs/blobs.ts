import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { BlobRef } from '../boot/plan.ts';

/** What Cloud Storage says of an object. */
export interface BlobStat {
  readonly generation: string;
  /** Bytes. */
  readonly size: number;
  /** Base64 of the big-endian value. */
  readonly crc32c: string;
  readonly type: string;
}

/** Whether a URL is made for somebody who reaches the storage elsewhere than the broker does. */
export interface UrlOptions {
  /** Seconds that the signature holds. */
  readonly ttlSeconds: number;
  /** Origin under which the receiver reaches the storage; unset: as the broker does. */
  readonly origin?: string;
  /** Characters that the URL may have. */
  readonly maxLength?: number;
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

/** A byte range, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A storage's answer to a signed URL: 200, or 206 to a range. */
export interface Followed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** What was found by reading all bytes. */
export interface Digest {
  readonly size: number;
  readonly crc32c: string;
  /** Hex. */
  readonly sha256: string;
}

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
  /** Follows a signed URL of its own making. An object that is gone is a fault: the caller had it on record. */
  follow(
    blob: BlobRef,
    options: { ttlSeconds: number; range?: ByteRange; signal: AbortSignal },
  ): Promise<Followed>;
  /** Reads all bytes. */
  digest(blob: BlobRef, signal: AbortSignal): Promise<Digest & Validators>;
  /** Deletes that generation, if it is still there. */
  remove(blob: BlobRef): Promise<void>;
  close(): Promise<void>;
}
