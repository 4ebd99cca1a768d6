import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Blobs } from './blobs/blobs.ts';
import { gcsBlobs } from './blobs/gcs.ts';
import { canonicalAddress } from './boot/network.ts';
import type { Config } from './config.ts';
import { type Localgcs, startLocalgcs } from './localgcs/localgcs.ts';
import type { Records } from './records/records.ts';
import { openSqlite } from './records/sqlite.ts';
import { fileSecret } from './secrets.ts';
import { hmacSigner } from './sign/hmac.ts';
import { type Log, openLog } from './telemetry/log.ts';
import { type Metrics, openMetrics } from './telemetry/metrics.ts';

/** What the program is made of: every driver is chosen here and nowhere else. */
export interface Parts {
  readonly records: Records;
  readonly blobs: Blobs;
  readonly localgcs: Localgcs;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly adminToken: string;
  /** Where a client that reached us at this address finds the storage. */
  readonly storageOrigin: (localAddress: string | undefined) => string | undefined;
  close(): Promise<void>;
}

/** Opens all parts. Throws, naming what could not be opened; whatever was open by then is closed again. */
export async function openParts(config: Config, clock: () => Date): Promise<Parts> {
  const { dataDir, bucket } = config;
  const log = openLog(config.logLevel);
  const { adminToken, key, token, records } = openDataDir(config);
  const localgcs = await startLocalgcs({
    dataDir: join(dataDir, 'storage'),
    listen: config.storageListen,
    buckets: [bucket],
    token,
    keys: [{ identity: key.accessId, algorithm: 'GOOG4-HMAC-SHA256', secret: key.secret }],
  }).catch(async (error: unknown) => {
    await records.close();
    throw named('BROKER_STORAGE_LISTEN, BROKER_DATA_DIR', error);
  });
  const blobs = gcsBlobs({ endpoint: localgcs.origin, token, bucket, signer: hmacSigner(key), clock });
  return {
    records,
    blobs,
    localgcs,
    log,
    metrics: openMetrics(),
    adminToken,
    storageOrigin: (localAddress) =>
      config.storagePublicUrl ??
      (everywhere(localgcs) ? sameHost(localAddress, localgcs.port) : localgcs.origin),
    async close() {
      await blobs.close();
      await localgcs.close();
      await records.close();
    },
  };
}

/** What lies in the data folder besides the objects. */
function openDataDir({ dataDir, adminToken, hmacAccessId, hmacSecret }: Config) {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return {
      adminToken: adminToken ?? fileSecret(join(dataDir, 'admin-token')),
      key: {
        accessId: hmacAccessId ?? 'GOOGLOCALBOOTBROKER',
        secret: hmacSecret ?? fileSecret(join(dataDir, 'hmac-secret')),
      },
      token: fileSecret(join(dataDir, 'storage-token')),
      records: openSqlite(join(dataDir, 'records.db')),
    };
  } catch (error) {
    throw named('BROKER_DATA_DIR', error);
  }
}

/** Says which setting to look at. */
function named(settings: string, error: unknown): Error {
  return new Error(`${error instanceof Error ? error.message : error}. Look at ${settings}`, {
    cause: error,
  });
}

/** Whether the storage answers at every address of this machine. */
function everywhere({ host }: Localgcs): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The address at which the client reached this machine, which it can therefore reach again; never its `Host`, which it chose. */
function sameHost(localAddress: string | undefined, port: number): string | undefined {
  const address = canonicalAddress(localAddress ?? '');
  if (!address) return undefined;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
