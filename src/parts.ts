import { join } from 'node:path';
import { canonicalAddress } from './boot/network.ts';
import type { EdgeVerifier } from './boot/source.ts';
import type { Config } from './config/config.ts';
import { openRecords, type RecordsParts } from './drivers/records.ts';
import { openStorage, type StorageParts } from './drivers/storage.ts';
import { makeFolder } from './folder.ts';
import { openFileLine, openToOthers } from './secret-files.ts';
import { fileSecret } from './secrets.ts';
import { type GoogleCredentials, googleCredentials } from './sign/google-credentials.ts';
import { verifyEdge } from './sign/x-boot-edge.ts';
import { type Log, openLog } from './telemetry/log.ts';
import { type Metrics, openMetrics } from './telemetry/metrics.ts';
import type { OpenTelemetry } from './telemetry/traces/opentelemetry.ts';
import type { Tracing } from './telemetry/tracing.ts';
import type { Watch } from './telemetry/watch.ts';

/** What the program is made of. */
export interface Parts extends RecordsParts, StorageParts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Unset: there are no traces. */
  readonly tracing: Tracing | undefined;
  /** Undefined without the admin role. */
  readonly adminToken: string | undefined;
  /** Unset: no edge is believed. */
  readonly edge: EdgeVerifier | undefined;
  /** Reads the key of snapshots when it is first needed: no start waits for Secret Manager, or fails with it. */
  readonly snapshotKey: (() => Promise<string>) | undefined;
}

/** Opens all parts. Throws, naming what could not be opened; whatever was open by then is closed again. */
export async function openParts(
  config: Config,
  clock: () => Date,
  telemetry?: OpenTelemetry,
): Promise<Parts> {
  const metrics = openMetrics(disksOf(config));
  const { logLevel: level, logFormat: format } = config;
  const log = openLog({ level, format, onDrop: () => metrics.droppedLines.inc({}) });
  for (const secret of config.secrets) log.hide(secret);
  telemetry?.attach({ log, metrics });
  const tracing = telemetry?.tracing;
  const watch: Watch = tracing
    ? (operation, work) => tracing.watch(operation, () => metrics.watch(operation, work))
    : metrics.watch;
  const google = googleCredentials();
  const { adminToken, ...records } = await openDataDir(config, () =>
    openRecords(config, { clock, google, log, metrics, watch }),
  );
  if (adminToken !== undefined) log.hide(adminToken);
  const storage = await openStorage(config, { clock, google, log, metrics, watch, tracing }).catch(
    async (error: unknown) => {
      await records.records.close();
      throw error;
    },
  );
  for (const file of openToOthers(config.secretFiles, config.dataDir))
    log.warn({ ...file }, openFileLine(file));
  return {
    ...records,
    ...storage,
    log,
    metrics,
    tracing,
    adminToken,
    edge: edgeVerifier(config, clock),
    snapshotKey: snapshotKeyOf(config, google),
    async close() {
      await storage.close();
      await records.records.close();
      await log.close();
    },
  };
}

/** The folders of what is embedded: each may lie on a disk of its own. */
function disksOf({ records, storage, dataDir }: Config): Readonly<Record<string, string>> {
  return {
    ...(records === 'sqlite' && { records: dataDir }),
    ...(storage === 'local' && { storage: join(dataDir, 'storage') }),
  };
}

function edgeVerifier({ edgeKeys }: Config, clock: () => Date): EdgeVerifier | undefined {
  if (!edgeKeys) return undefined;
  const keys = new Map(edgeKeys.map((key) => [key.kid, key]));
  const trust = { keyOf: (kid: string) => keys.get(kid), canonicalAddress };
  return (request) => verifyEdge(request, trust, clock());
}

function snapshotKeyOf({ snapshotKey }: Config, { token }: GoogleCredentials) {
  if (!snapshotKey) return undefined;
  return async () => {
    const { readSecret } = await import('./sign/secret-manager.ts');
    return readSecret(snapshotKey, { setting: 'BROKER_SNAPSHOT_KEY', token });
  };
}

/** What lies in the data folder besides the storage. */
async function openDataDir(config: Config, open: () => Promise<RecordsParts>) {
  const { dataDir, roles, adminToken } = config;
  try {
    if (config.records === 'sqlite' || config.storage === 'local') makeFolder(dataDir);
    return {
      adminToken: roles.includes('admin')
        ? (adminToken ?? fileSecret(join(dataDir, 'admin-token')))
        : undefined,
      ...(await open()),
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}. Look at BROKER_DATA_DIR`, {
      cause: error,
    });
  }
}
