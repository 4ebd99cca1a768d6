import { join } from 'node:path';
import type { Blobs } from '../blobs/blobs.ts';
import { gcsBlobs } from '../blobs/gcs.ts';
import { signedUrls } from '../blobs/signed-urls.ts';
import type { StorageTraits } from '../boot/decide.ts';
import { httpOrigin } from '../boot/network.ts';
import { descriptorShares } from '../bounds/descriptors.ts';
import { Sampler } from '../bounds/sampler.ts';
import type { Config } from '../config/config.ts';
import { type HeardOfStorage, type Localgcs, startLocalgcs } from '../localgcs/localgcs.ts';
import { fileSecret } from '../secrets.ts';
import type { GoogleCredentials } from '../sign/google-credentials.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Watch } from '../telemetry/watch.ts';
import { openLocalSigner, openSigners } from './signer.ts';
import { watchedBlobs, watchedSigner } from './watched.ts';

/** A storage as the rest of the program sees it. */
export interface StorageParts {
  readonly blobs: Blobs;
  /** The embedded storage, if it is that. */
  readonly localgcs: Localgcs | undefined;
  readonly storage: StorageTraits;
  /** Where a client that reached us at this address finds the storage. */
  readonly storageOrigin: (localAddress: string | undefined, scheme?: 'http' | 'https') => string | undefined;
  close(): Promise<void>;
}

interface Tools {
  readonly clock: () => Date;
  readonly google: GoogleCredentials;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly watch: Watch;
  readonly tracing?: Tracing | undefined;
}

export function openStorage(config: Config, tools: Tools): Promise<StorageParts> {
  return config.storage === 'local' ? openLocal(config, tools) : openGcs(config, tools);
}

/** The broker talks to its embedded storage as to Google's; only endpoint and credentials differ. */
async function openLocal(config: Config, tools: Tools): Promise<StorageParts> {
  const { clock, google, metrics, watch, tracing } = tools;
  const { dataDir, bucket, project, storagePublicUrl } = config;
  const token = fileSecret(join(dataDir, 'storage-token'));
  const { signer, key } = await openLocalSigner(config, google);
  const options = {
    dataDir: join(dataDir, 'storage'),
    listen: config.storageListen,
    buckets: [bucket],
    token,
    keys: [key],
    limits: limitsOf(config),
    tellsServed: tracing !== undefined,
  };
  const localgcs = await startLocalgcs(options, hearing(tools)).catch((error: Error) => {
    throw new Error(`${error.message}. Look at BROKER_STORAGE_LISTEN, BROKER_DATA_DIR`, { cause: error });
  });
  const { origin: endpoint } = localgcs;
  const storage = gcsBlobs({
    endpoint,
    token,
    project,
    bucket,
    signer: watchedSigner(signer, watch),
    urls: openUrls(tools),
    clock,
    ...(tracing && { traceparent: tracing.traceparent }),
    onHealed: healed(metrics),
  });
  const blobs = watchedBlobs(storage, watch);
  return {
    blobs,
    localgcs,
    storage: { scheme: 'http', takesReencodedQuery: true },
    // The address at which the client reached this machine it can reach again; its `Host` it chose.
    storageOrigin: (localAddress) =>
      storagePublicUrl ?? (everywhere(localgcs) ? httpOrigin(localAddress, localgcs.port) : localgcs.origin),
    async close() {
      await blobs.close();
      await localgcs.close();
    },
  };
}

async function openGcs(config: Config, tools: Tools): Promise<StorageParts> {
  const { clock, google, metrics, watch, tracing } = tools;
  const { storageEndpoint: endpoint, bucket, project } = config;
  const { signer, shortSigner } = await openSigners(config, google, clock);
  const storage = gcsBlobs({
    endpoint,
    token: undefined,
    project,
    bucket,
    signer: watchedSigner(signer, watch),
    ...(shortSigner && { shortSigner: watchedSigner(shortSigner, watch) }),
    urls: openUrls(tools),
    clock,
    ...(tracing && { traceparent: tracing.traceparent }),
    onHealed: healed(metrics),
  });
  const blobs = watchedBlobs(storage, watch);
  const { protocol, host } = new URL(endpoint);
  const scheme = config.storageScheme ?? (protocol === 'https:' ? 'either' : 'http');
  return {
    blobs,
    localgcs: undefined,
    storage: { scheme, takesReencodedQuery: config.storageReencoded === 'accepted' },
    storageOrigin: (_, wanted = scheme === 'http' ? 'http' : 'https') => `${wanted}://${host}`,
    close: () => blobs.close(),
  };
}

/** A client that may boot may fetch. Its own address is not known behind edges: there the signature alone counts. */
function limitsOf({ maxConnections, streamFloor, allowedNetworks, trustedProxies, edgeKeys }: Config) {
  const cidrs = (networks: readonly { readonly cidr: string }[]) => networks.map(({ cidr }) => cidr);
  return {
    total: Math.min(maxConnections, descriptorShares().storage),
    floor: streamFloor,
    fronts: edgeKeys ? ['0.0.0.0/0', '::/0'] : cidrs(trustedProxies),
    ...(!edgeKeys && { allowed: cidrs([...allowedNetworks, ...trustedProxies]) }),
  };
}

/** Counts what the storage's thread turned away, and logs it once a minute; and writes spans of what it served. */
function hearing({ log, metrics, tracing }: Tools): HeardOfStorage {
  const sampler = new Sampler(() => {});
  return {
    turned(turned) {
      for (const [reason, count] of Object.entries(turned))
        metrics.turnedConnections.inc({ listener: 'storage', reason }, count);
      if (sampler.takes('storage')) log.info({ turned }, 'the embedded storage turned connections away');
    },
    served: (served) => tracing?.storageServed(served),
  };
}

/** Counts control calls that went well at another attempt. */
function healed({ healedFaults }: Metrics) {
  return () => healedFaults.inc({ by: 'retry' });
}

function openUrls({ clock, log, metrics }: Tools) {
  return signedUrls({
    clock,
    onRead: (result) => metrics.signedUrls.inc({ result }),
    onRenewalFailure: (error) =>
      log.warn({ error }, 'a signed URL could not be renewed in time: the old one serves until its end'),
  });
}

/** Whether the storage answers at every address of this machine. */
function everywhere({ host }: Localgcs): boolean {
  return host === '0.0.0.0' || host === '::';
}
