import type { IncomingHttpHeaders } from 'node:http';
import type { BlobRef } from '../boot/plan.ts';
import type { Validators } from './blobs.ts';

/** From an answer to a signed URL: Google's client has other ETags. */
export function validatorsOf({ object }: BlobRef, headers: IncomingHttpHeaders): Validators {
  const { etag } = headers;
  const lastModified = new Date(String(headers['last-modified']));
  if (typeof etag !== 'string' || !/^"[^"]*"$/.test(etag) || Number.isNaN(lastModified.getTime()))
    throw new Error(`the storage gives ${object} no strong ETag and Last-Modified`);
  return { etag, lastModified };
}
