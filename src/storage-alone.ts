import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { descriptorShares } from './bounds/descriptors.ts';
import { readConfig } from './config/config.ts';
import { startLocalgcs } from './localgcs/localgcs.ts';

/** How `bootbroker localgcs` was called; what is left out comes from the settings. */
export interface AloneOptions {
  readonly listen: string;
  readonly dataDir: string | undefined;
  readonly buckets: readonly string[];
  /** Without one the storage is open, and then only on loopback. */
  readonly tokenFile: string | undefined;
  readonly hmacAccessId: string | undefined;
}

/** The embedded Cloud Storage without the broker. */
export async function startStorageAlone({ listen, dataDir, buckets, tokenFile, hmacAccessId }: AloneOptions) {
  const read = readConfig({
    BROKER_STORAGE_LISTEN: listen,
    BROKER_DATA_DIR: dataDir,
    BROKER_HMAC_ACCESS_ID: hmacAccessId,
  });
  if ('mistakes' in read) return read;
  const { config } = read;
  return startLocalgcs({
    dataDir: join(config.dataDir, 'storage'),
    listen: config.storageListen,
    buckets: buckets.length > 0 ? buckets : [config.bucket],
    token: tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim(),
    keys:
      config.hmacAccessId && config.hmacSecret
        ? [{ identity: config.hmacAccessId, algorithm: 'GOOG4-HMAC-SHA256', secret: config.hmacSecret }]
        : [],
    limits: {
      total: Math.min(config.maxConnections, descriptorShares().storage),
      floor: config.streamFloor,
    },
    log: 'json',
  });
}
