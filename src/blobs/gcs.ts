import type { ApiError, Storage } from '@google-cloud/storage';
import { Agent } from 'undici';
import type { BlobRef } from '../boot/plan.ts';
import { StoreDown } from '../boot/store-down.ts';
import type { Signer } from '../sign/v4.ts';
import { signUrl } from '../sign/v4.ts';
import type { Blobs } from './blobs.ts';
import { digest } from './digest.ts';
import { follow } from './follow.ts';
import type { SignedUrls } from './signed-urls.ts';

export interface GcsOptions {
  /** Origin of the storage, as the broker reaches it. */
  readonly endpoint: string;
  /** Bearer token for control calls; undefined: Application Default Credentials. */
  readonly token: string | undefined;
  readonly project?: string | undefined;
  readonly bucket: string;
  readonly signer: Signer;
  /** Signs for clients that take only short URLs: by HMAC, whose signature is 448 characters shorter than RSA's. */
  readonly shortSigner?: Signer;
  /** Keeps what is dear to sign; unset: each URL is signed when it is asked for, and lives no longer than it must. */
  readonly urls?: SignedUrls;
  readonly clock: () => Date;
}

/** How long one control call may take, retries included. */
const controlTimeoutSeconds = 8;
/** A digest reads at its own pace; its URL is used at once. */
const ownUrlTtlSeconds = 60;

/** Cloud Storage, Google's or the embedded one: control by Google's client, bytes by undici on signed URLs. */
export function gcsBlobs(options: GcsOptions): Blobs {
  const { endpoint, bucket, signer, shortSigner, clock, urls } = options;
  const dispatcher = new Agent({ pipelining: 1, connect: { timeout: 3_000 } });
  let client: Promise<Storage> | undefined;
  const control = () => {
    client ??= connect(options);
    return client;
  };
  const urlOf = (
    { bucket, object, generation }: BlobRef,
    ttlSeconds: number,
    origin = endpoint,
    by = signer,
  ) => {
    const request = { method: 'GET', bucket, object, endpoint: origin, query: { generation } } as const;
    return urls
      ? urls.get(request, by, ttlSeconds)
      : signUrl(request, by, { now: clock(), expiresSeconds: ttlSeconds });
  };

  return {
    async ping() {
      await faults('asking for the bucket', async () => {
        const [exists] = await (await control()).bucket(bucket).exists();
        if (!exists) throw new Error(`there is no bucket ${bucket}: make it, or set BROKER_BUCKET`);
      });
    },

    async stat(bucketName, object) {
      return faults(`asking for ${object}`, async () => {
        const [found] = await (await control()).bucket(bucketName).file(object).getMetadata().catch(absent);
        if (!found) return undefined;
        return {
          generation: String(found.generation),
          size: Number(found.size),
          crc32c: String(found.crc32c),
          type: String(found.contentType),
        };
      });
    },

    async signedUrl(blob, { ttlSeconds, origin, maxLength = Number.POSITIVE_INFINITY }) {
      return faults('signing', async () => {
        const url = await urlOf(blob, ttlSeconds, origin);
        if (url.length <= maxLength) return url;
        const short = shortSigner && (await urlOf(blob, ttlSeconds, origin, shortSigner));
        return short && short.length <= maxLength ? short : undefined;
      });
    },

    async uploadGrant(blob, { ttlSeconds, origin }) {
      const headers = {
        'x-goog-resumable': 'start',
        'x-goog-if-generation-match': '0',
        'x-upload-content-length': String(blob.size),
        'content-type': blob.type,
        'cache-control': 'private, max-age=31536000, immutable, no-transform',
      };
      const { bucket, object } = blob;
      const request = { method: 'POST', bucket, object, endpoint: origin ?? endpoint, headers } as const;
      const url = await faults('signing', () =>
        signUrl(request, signer, { now: clock(), expiresSeconds: ttlSeconds }),
      );
      return { url, headers };
    },

    async follow(blob, { ttlSeconds, range, signal }) {
      return faults(`fetching ${blob.object}`, async () =>
        follow(await urlOf(blob, ttlSeconds), { dispatcher, signal, ...(range && { range }) }),
      );
    },

    async digest(blob, signal) {
      return faults(`reading ${blob.object}`, async () => {
        const { headers, body } = await follow(await urlOf(blob, ownUrlTtlSeconds), { dispatcher, signal });
        const { etag } = headers;
        const lastModified = new Date(String(headers['last-modified']));
        if (typeof etag !== 'string' || !/^"[^"]*"$/.test(etag) || Number.isNaN(lastModified.getTime()))
          throw new Error(`the storage gives ${blob.object} no strong ETag and Last-Modified`);
        return { ...(await digest(body)), etag, lastModified };
      });
    },

    async remove(blob) {
      await faults(`deleting ${blob.object}`, async () => {
        await (await control())
          .bucket(blob.bucket)
          .file(blob.object, { generation: blob.generation })
          .delete({ ignoreNotFound: true });
      });
    },

    async close() {
      await dispatcher.destroy();
    },
  };
}

/** Loaded when first needed: it is the heaviest module of the program, and no boot needs it. */
async function connect({ endpoint, token, project }: GcsOptions): Promise<Storage> {
  const [{ Storage }, { OAuth2Client }] = await Promise.all([
    import('@google-cloud/storage'),
    import('google-auth-library'),
  ]);
  const authClient = new OAuth2Client();
  if (token) authClient.setCredentials({ access_token: token, expiry_date: Number.MAX_SAFE_INTEGER });
  return new Storage({
    apiEndpoint: endpoint,
    useAuthWithCustomEndpoint: true,
    ...(token && { authClient }),
    // No call of ours needs one; without, Google's library goes looking for it, and even runs gcloud.
    projectId: project ?? 'none',
    retryOptions: { totalTimeout: controlTimeoutSeconds, maxRetries: 3 },
    timeout: controlTimeoutSeconds * 1000,
  });
}

async function faults<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StoreDown ? error : new StoreDown('storage', doing, error);
  }
}

function absent(error: unknown): [undefined] {
  if ((error as ApiError).code === 404) return [undefined];
  throw error;
}
