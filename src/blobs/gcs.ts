import type { IncomingHttpHeaders } from 'node:http';
import type { FileMetadata, Storage } from '@google-cloud/storage';
import { forGood } from '../boot/asset.ts';
import type { BlobRef } from '../boot/plan.ts';
import { StoreDown } from '../boot/store-down.ts';
import type { Signer } from '../sign/v4.ts';
import { signUrl } from '../sign/v4.ts';
import type { BlobStat, Blobs, FollowOptions, Validators } from './blobs.ts';
import { storageConnections } from './connections.ts';
import { digest } from './digest.ts';
import { absent, advised, faults, taken } from './faults.ts';
import { bootPatience, type ControlPatience, type Patience } from './patience.ts';
import { readWhole } from './read-whole.ts';
import { resuming } from './resuming.ts';
import { retried } from './retried.ts';
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
  /** For bytes; unset: as long as firmware waits. */
  readonly patience?: Patience;
  readonly controlPatience?: ControlPatience;
}

/** How long one attempt at a control call may take. */
const controlAttemptMs = 4_000;
/** A digest reads at its own pace; its URL is used at once. */
const ownUrlTtlSeconds = 60;

/** Cloud Storage, Google's or the embedded one: control by Google's client, bytes by undici on signed URLs. */
export function gcsBlobs(options: GcsOptions): Blobs {
  const { endpoint, bucket, signer, shortSigner, clock, urls, patience = bootPatience } = options;
  const connections = storageConnections();
  let client: Promise<Storage> | undefined;
  const control = <Result>(
    doing: string,
    work: (storage: Storage) => Promise<Result>,
    { idempotent = true } = {},
  ): Promise<Result> => {
    client ??= connect(options);
    const storage = client;
    const { controlPatience } = options;
    return faults(doing, () =>
      retried(async () => work(await storage), {
        idempotent,
        ...(controlPatience && { patience: controlPatience }),
      }).catch((error: unknown) => {
        throw advised(error, bucket);
      }),
    );
  };
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
      url: () => urlOf(blob, ttlSeconds),
      generation: blob.generation,
      dispatcher: await connections.open(),
      patience,
      ...how,
    });
  };

  return {
    async ping() {
      const doing = 'asking for the bucket';
      // Its metadata is not for roles that are about objects.
      const query = { prefix: 'assets/', maxResults: 1, autoPaginate: false, fields: 'kind' };
      const [found] = await control(doing, (storage) => storage.bucket(bucket).getFiles(query).catch(absent));
      if (!found)
        throw new StoreDown('storage', doing, `there is no bucket ${bucket}: make it, or set BROKER_BUCKET`);
    },

    async stat(bucket, object) {
      const [found] = await control(`asking for ${object}`, (storage) =>
        storage.bucket(bucket).file(object).getMetadata().catch(absent),
      );
      return found && statOf(found);
    },

    async signedUrl(blob, { ttlSeconds, maxLength = Number.POSITIVE_INFINITY, ...how }) {
      return faults('signing', async () => {
        const url = await urlOf(blob, ttlSeconds, how);
        if (url.length <= maxLength) return url;
        const short = shortSigner && (await urlOf(blob, ttlSeconds, { ...how, by: shortSigner }));
        return short && short.length <= maxLength ? short : undefined;
      });
    },

    async uploadGrant(blob, { ttlSeconds, origin }) {
      const headers = {
        'x-goog-resumable': 'start',
        'x-goog-if-generation-match': '0',
        'x-upload-content-length': String(blob.size),
        'content-type': blob.type,
        'cache-control': forGood,
      };
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

    async *list(prefix) {
      let pageToken: string | undefined;
      do {
        const page = { prefix, autoPaginate: false, ...(pageToken && { pageToken }) };
        const [files, next] = await control(`listing ${prefix}`, (storage) =>
          storage.bucket(bucket).getFiles(page),
        );
        for (const { name, metadata } of files)
          yield {
            bucket,
            object: name,
            ...statOf(metadata),
            createdAt: new Date(String(metadata.timeCreated)),
          };
        pageToken = (next as { pageToken?: string } | null)?.pageToken;
      } while (pageToken);
    },

    async remove(blob) {
      const { bucket, object, generation } = blob;
      await control(`deleting ${object}`, (storage) =>
        storage.bucket(bucket).file(object, { generation }).delete({ ignoreNotFound: true }),
      );
    },

    async compose({ bucket, object, type, ifGeneration }, sources) {
      const work = async (storage: Storage) => {
        const [composed] = await storage
          .bucket(bucket)
          .file(object)
          .request({
            method: 'POST',
            uri: '/compose', // its own combine() sets no Cache-Control
            qs: ifGeneration === undefined ? {} : { ifGenerationMatch: ifGeneration },
            json: {
              destination: { contentType: type, cacheControl: forGood },
              sourceObjects: sources.map(({ object, generation }) => ({ name: object, generation })),
            },
          });
        return statOf(composed as FileMetadata);
      };
      const idempotent = ifGeneration !== undefined;
      return control(`composing ${object}`, (storage) => work(storage).catch(taken), { idempotent });
    },

    async startSession({ bucket, object, size, type }, { origin } = {}) {
      const work = async (storage: Storage) => {
        const [session] = await storage
          .bucket(bucket)
          .file(object)
          .createResumableUpload({
            metadata: { contentType: type, contentLength: size, cacheControl: forGood },
            preconditionOpts: { ifGenerationMatch: 0 },
          });
        return session;
      };
      const session = await control(`starting an upload of ${object}`, (storage) =>
        work(storage).catch(taken),
      );
      if (session === undefined || origin === undefined) return session;
      const { pathname, search } = new URL(session);
      return origin + pathname + search;
    },

    async read(object, mostBytes) {
      return faults(`reading ${object}`, async () => {
        const request = { method: 'GET', bucket, object, endpoint } as const;
        const url = await signUrl(request, signer, { now: clock(), expiresSeconds: ownUrlTtlSeconds });
        return readWhole(url, mostBytes, await connections.open());
      });
    },

    async put(object, bytes) {
      const write = (storage: Storage) =>
        storage
          .bucket(bucket)
          .file(object)
          .save(bytes, { resumable: false, metadata: { cacheControl: 'no-store' } });
      await control(`writing ${object}`, write, { idempotent: false });
    },

    async close() {
      await connections.close();
    },
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
    retryOptions: { autoRetry: false },
    timeout: controlAttemptMs,
  });
}

function statOf({ generation, size, crc32c, contentType }: FileMetadata): BlobStat {
  return {
    generation: String(generation),
    size: Number(size),
    crc32c: String(crc32c),
    type: String(contentType),
  };
}
