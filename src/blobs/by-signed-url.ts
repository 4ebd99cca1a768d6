import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { forGood } from '../boot/asset/asset.ts';
import type { BlobRef } from '../boot/plan.ts';
import type { Signer } from '../sign/v4.ts';
import { signUrl } from '../sign/v4.ts';
import type { Blobs, FollowOptions, NewBlob, Validators } from './blobs.ts';
import type { storageConnections } from './connections.ts';
import { faults } from './faults.ts';
import { resuming } from './resuming.ts';
import { bootPatience, type Patience } from './retry-policy.ts';
import type { SignedUrls } from './signed-urls.ts';
import { refusal } from './unexpected-answer.ts';

export interface SignedUrlOptions {
  /** Origin of the storage, as the broker reaches it. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly signer: Signer;
  /** Signs for clients that take only short URLs: by HMAC, whose signature is 448 characters shorter than RSA's. */
  readonly shortSigner?: Signer;
  /** Keeps what is dear to sign; unset: each URL is signed when it is asked for, and lives no longer than it must. */
  readonly urls?: SignedUrls;
  readonly clock: () => Date;
  /** Names the span for which bytes are fetched, to the storage; no part of what is signed, and nothing that Google's minds. */
  readonly traceparent?: () => string | undefined;
  /** For bytes; unset: as long as firmware waits. */
  readonly patience?: Patience;
}

/** A digest reads at its own pace; its URL is used at once. */
const ownUrlTtlSeconds = 60;

/** How long all of a small object may take. */
const readingMs = 20_000;

/** All that a signed URL is for: to hand it out, or to follow it ourselves. */
export function bySignedUrl(
  options: SignedUrlOptions,
  connections: ReturnType<typeof storageConnections>,
): Pick<Blobs, 'signedUrl' | 'uploadGrant' | 'follow' | 'digest' | 'validators' | 'read'> {
  const {
    endpoint,
    bucket,
    signer,
    shortSigner,
    clock,
    urls,
    traceparent,
    patience = bootPatience,
  } = options;
  const urlOf = (
    { bucket, object, generation }: BlobRef,
    ttlSeconds: number,
    { origin = endpoint, by = signer, fresh = false } = {},
  ) => {
    const request = { method: 'GET', bucket, object, endpoint: origin, query: { generation } } as const;
    return urls
      ? urls.get(request, by, ttlSeconds, fresh)
      : signUrl(request, by, { now: clock(), expiresSeconds: ttlSeconds });
  };
  const bytesOf = async (blob: BlobRef, { ttlSeconds, ...how }: FollowOptions) => {
    return resuming({
      traceparent: traceparent?.(),
      url: () => urlOf(blob, ttlSeconds),
      generation: blob.generation,
      dispatcher: await connections.open(),
      patience,
      ...how,
    });
  };

  return {
    async signedUrl(blob, { ttlSeconds, maxLength = Number.POSITIVE_INFINITY, ...how }) {
      return faults('signing', async () => {
        const url = await urlOf(blob, ttlSeconds, how);
        if (url.length <= maxLength) return url;
        const short = shortSigner && (await urlOf(blob, ttlSeconds, { ...how, by: shortSigner }));
        return short && short.length <= maxLength ? short : undefined;
      });
    },

    async uploadGrant(blob, { ttlSeconds, origin }) {
      const headers = uploadHeaders(blob);
      const { bucket, object } = blob;
      const request = { method: 'POST', bucket, object, endpoint: origin ?? endpoint, headers } as const;
      const url = await faults('signing', () =>
        signUrl(request, signer, { now: clock(), expiresSeconds: ttlSeconds }),
      );
      return { url, headers };
    },

    async follow(blob, options) {
      return faults(`fetching ${blob.object}`, () => bytesOf(blob, options));
    },

    async digest(blob, signal, onBytes) {
      return faults(`reading ${blob.object}`, async () => {
        const { digest } = await import('./digest.ts'); // with a native module, which no boot needs
        const { headers, body } = await bytesOf(blob, { ttlSeconds: ownUrlTtlSeconds, signal });
        const validators = validatorsOf(blob, headers);
        return { ...(await digest(body, onBytes)), ...validators };
      });
    },

    async validators(blob) {
      return faults(`reading the head of ${blob.object}`, async () => {
        const { signal } = new AbortController();
        const range = { start: 0, end: 0 };
        const { headers, body } = await bytesOf(blob, { ttlSeconds: ownUrlTtlSeconds, signal, range });
        body.destroy();
        return validatorsOf(blob, headers);
      });
    },

    async read(object, mostBytes) {
      return faults(`reading ${object}`, async () => {
        const request = { method: 'GET', bucket, object, endpoint } as const;
        const url = await signUrl(request, signer, { now: clock(), expiresSeconds: ownUrlTtlSeconds });
        return readWhole(url, mostBytes, await connections.open());
      });
    },
  };
}

/** What is signed into a URL that starts a resumable upload, so that the object can be no other, and is made once. */
function uploadHeaders({ size, type }: Pick<NewBlob, 'size' | 'type'>) {
  return {
    'x-goog-resumable': 'start',
    'x-goog-if-generation-match': '0',
    'x-upload-content-length': String(size),
    'content-type': type,
    'cache-control': forGood,
  };
}

/** From an answer to a signed URL: Google's client has other ETags. */
function validatorsOf({ object }: BlobRef, headers: IncomingHttpHeaders): Validators {
  const { etag } = headers;
  const lastModified = new Date(String(headers['last-modified']));
  if (typeof etag !== 'string' || !/^"[^"]*"$/.test(etag) || Number.isNaN(lastModified.getTime()))
    throw new Error(`the storage gives ${object} no strong ETag and Last-Modified`);
  return { etag, lastModified };
}

/** Fetches a small object from a signed URL, once; undefined: there is none. */
async function readWhole(
  url: string,
  mostBytes: number,
  dispatcher: Dispatcher,
): Promise<Buffer | undefined> {
  const { origin, pathname, search } = new URL(url);
  const { statusCode, body } = await dispatcher.request({
    origin,
    path: pathname + search,
    method: 'GET',
    signal: AbortSignal.timeout(readingMs),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`); // which ends the transfer too
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  if (statusCode === 200) return whole;
  const refused = whole.toString('latin1', 0, 2_000);
  if (statusCode === 404 && refused.includes('<Code>NoSuchKey</Code>')) return undefined;
  throw refusal(statusCode, refused);
}
