import type { FileMetadata, Storage } from '@google-cloud/storage';
import { forGood } from '../boot/asset/asset.ts';
import { StoreDown } from '../boot/store-down.ts';
import type { BlobStat, Blobs } from './blobs.ts';
import { bySignedUrl, type SignedUrlOptions } from './by-signed-url.ts';
import { carriedBy } from './carried.ts';
import { storageConnections } from './connections.ts';
import { absent, advised, faults, taken } from './faults.ts';
import { retried } from './retried.ts';
import type { ControlPatience } from './retry-policy.ts';

export interface GcsOptions extends SignedUrlOptions {
  /** Bearer token for control calls; undefined: Application Default Credentials. */
  readonly token: string | undefined;
  readonly project?: string | undefined;
  readonly controlPatience?: ControlPatience;
  /** Called when a control call went well at another attempt. */
  readonly onHealed?: () => void;
}

/** How long one attempt at a control call may take. */
const controlAttemptMs = 4_000;

/** Cloud Storage, Google's or the embedded one: control by Google's client, bytes by undici on signed URLs. */
export function gcsBlobs(options: GcsOptions): Blobs {
  const { bucket } = options;
  const connections = storageConnections();
  let client: Promise<Storage> | undefined;
  const control = <Result>(
    doing: string,
    work: (storage: Storage) => Promise<Result>,
    { idempotent = true } = {},
  ): Promise<Result> => {
    client ??= connect(options);
    const storage = client;
    const { controlPatience, onHealed } = options;
    return faults(doing, () =>
      retried(async () => work(await storage), {
        idempotent,
        ...(controlPatience && { patience: controlPatience }),
        ...(onHealed && { onHealed }),
      }).catch((error: unknown) => {
        throw advised(error, bucket);
      }),
    );
  };

  return {
    ...bySignedUrl(options, connections),

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

function statOf(metadata: FileMetadata): BlobStat {
  const { generation, size, crc32c, contentType } = metadata;
  return {
    generation: String(generation),
    size: Number(size),
    crc32c: String(crc32c),
    type: String(contentType),
    carried: carriedBy(metadata),
  };
}
