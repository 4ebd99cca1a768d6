import { gcsBlobs } from '../../src/blobs/gcs.ts';
import { readConfig } from '../../src/config/config.ts';
import { bootApp } from '../../src/http/boot/app.ts';
import { BootLog } from '../../src/http/boot/boot-log.ts';
import { UnknownMachines } from '../../src/http/boot/unknown-machines.ts';
import { staticPage } from '../../src/http/plane/static-page.ts';
import { listen } from '../../src/http/server/listener.ts';
import { cachedRecords } from '../../src/records/cached/cached.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { hmacSigner } from '../../src/sign/hmac.ts';
import { openLog } from '../../src/telemetry/log.ts';
import { openMetrics } from '../../src/telemetry/metrics.ts';

/** What the benchmark gives it, as JSON. */
export interface BrokerOptions {
  /** File of the records. */
  readonly records: string;
  /** Origin of the storage. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly token: string;
  readonly key: { readonly accessId: string; readonly secret: string };
}

/** The boot plane with its default settings, before a storage in another process. */
process.once('disconnect', () => process.exit());
const { records, endpoint, bucket, token, key } = JSON.parse(process.argv[2] ?? '') as BrokerOptions;
const read = readConfig({}, {});
if ('mistakes' in read) throw new Error(read.mistakes.join('; '));
const { config } = read;
const clock = () => new Date();
const store = openSqlite(records);
const parts = {
  ...config,
  records: cachedRecords(store, { clock, changes: store.changes, bootsApart: true }),
  blobs: gcsBlobs({ endpoint, token, bucket, signer: hmacSigner(key), clock }),
  clock,
  log: openLog({ level: config.logLevel }),
  metrics: openMetrics(),
  storageOrigin: () => endpoint,
  storage: { scheme: 'http', takesReencodedQuery: true },
  edge: undefined,
  describe: async () => staticPage('application/json', '{}'),
  sourcePolicy: { allowed: config.allowedNetworks, trustedProxies: config.trustedProxies },
} as const;
const app = bootApp({
  ...parts,
  bootLog: new BootLog(config.events, parts),
  unknownMachines: new UnknownMachines(parts),
});
const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
process.send?.({ origin: `http://127.0.0.1:${port}` });
