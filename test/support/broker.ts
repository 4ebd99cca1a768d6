import { createHash, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '@node-rs/crc32';
import type { ExecutionContext } from 'ava';
import { gcsBlobs } from '../../src/blobs/gcs.ts';
import { bootPatience, controlPatience } from '../../src/blobs/retry-policy.ts';
import type { Auditor } from '../../src/boot/access/audit.ts';
import { auditor } from '../../src/boot/access/audit-entry.ts';
import type { Asset } from '../../src/boot/asset/asset.ts';
import type { Machine } from '../../src/boot/machine/machine.ts';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import { openLocalSigner } from '../../src/drivers/signer.ts';
import { adminApp } from '../../src/http/admin/app.ts';
import { Planner, type PlannerLimits } from '../../src/http/admin/apply/planner.ts';
import { RefusalLog } from '../../src/http/admin/login/refusal-log.ts';
import type { AdminParts } from '../../src/http/admin/parts.ts';
import { bootApp } from '../../src/http/boot/app.ts';
import { BootLog } from '../../src/http/boot/boot-log.ts';
import type { BootParts } from '../../src/http/boot/parts.ts';
import { UnknownMachines } from '../../src/http/boot/unknown-machines.ts';
import { openapiPage } from '../../src/http/openapi/document.ts';
import { listen } from '../../src/http/server/listener.ts';
import { openJobs } from '../../src/jobs/jobs.ts';
import type { Localgcs } from '../../src/localgcs/localgcs.ts';
import { openParts, type Parts } from '../../src/parts.ts';
import { fileSecret } from '../../src/secrets.ts';
import { googleCredentials } from '../../src/sign/google-credentials.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { watch } from './contract.ts';
import { type Answered, type Asking, ask, until } from './http.ts';
import { scaled } from './patience.ts';

/** A line that the broker logged. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface Options {
  /** Settings by their environment names; the addresses are loopback and any port unless given. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: () => Date;
  /** Puts other parts in the place of the real ones, for faults. */
  readonly replace?: (parts: Parts) => Partial<BootParts>;
  /** Other limits of applies than the usual ones. */
  readonly planning?: Partial<PlannerLimits>;
}

/** The parts of a broker with its embedded storage and all roles. */
type EmbeddedParts = Parts & { readonly localgcs: Localgcs; readonly adminToken: string };

function isEmbedded(parts: Parts): parts is EmbeddedParts {
  return parts.localgcs !== undefined && parts.adminToken !== undefined;
}

/** The broker's own parts on free ports, in this process. */
export interface Broker {
  readonly parts: EmbeddedParts;
  readonly config: Config;
  readonly log: readonly LogLine[];
  readonly boot: (target: string, asking?: Asking) => Promise<Answered>;
  /** With the token, and a body as JSON. */
  readonly admin: (target: string, json?: unknown, asking?: Asking) => Promise<Answered>;
  readonly bootPort: number;
  readonly adminPort: number;
  readonly close: () => Promise<void>;
}

const anyPort = {
  BROKER_LISTEN: '127.0.0.1:0',
  BROKER_ADMIN_LISTEN: '127.0.0.1:0',
  BROKER_STORAGE_LISTEN: '127.0.0.1:0',
  BROKER_LOG_LEVEL: 'silent',
};

/** Unknown machines are written down at once. */
const quickly = { gatherMs: 1, restMs: 1, sameMs: 1 };

export async function startBroker({
  settings = {},
  clock = () => new Date(),
  replace,
  planning = {},
}: Options = {}): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-test-'));
  const read = readConfig({ ...anyPort, BROKER_DATA_DIR: folder, ...settings }, {});
  if ('mistakes' in read) throw new Error(read.mistakes.join('; '));
  const { config } = read;
  const opened = await openParts(config, clock);
  if (!isEmbedded(opened)) throw new Error('this broker has no embedded storage, or no admin plane');
  const parts = await withPatience(opened, config, clock);
  const lines: LogLine[] = [];
  const log = recorder(lines);
  const real = { ...config, ...parts, log, clock, describe: async () => openapiPage() };
  const replaced = replace?.(parts);
  const common = { ...real, ...replaced };
  // As in the program, what boots reads from the cache.
  const booting = { ...common, records: replaced?.records ?? parts.bootRecords };
  const jobs = openJobs({ ...common, audit: byBroker });
  const sourcePolicy = { allowed: config.allowedNetworks, trustedProxies: config.trustedProxies };
  const bootLog = new BootLog(config.events, booting);
  const refusals = new RefusalLog(common);
  const planner = new Planner(planning);
  const unknownMachines = new UnknownMachines(common, quickly);
  const boot = await listen(
    bootApp({ ...booting, bootLog, unknownMachines, sourcePolicy } satisfies BootParts),
    config.listen,
  );
  const admin = await listen(
    adminApp({ ...common, refusals, planner, ...jobs.onDemand } satisfies AdminParts),
    config.adminListen,
  );
  const unwatch = [watch(boot.port, 'boot'), watch(admin.port, 'admin')];
  return {
    parts,
    config,
    log: lines,
    boot: (target, asking) => ask(boot.port, target, asking),
    admin: (target, json, asking) => askAdmin(admin.port, parts.adminToken, target, json, asking),
    bootPort: boot.port,
    adminPort: admin.port,
    async close() {
      await Promise.all([boot.close(0), admin.close(0)]);
      for (const end of unwatch) end();
      await bootLog.settled();
      await refusals.settled();
      await planner.close();
      await unknownMachines.settled();
      await jobs.close();
      await parts.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** On a busy machine the embedded storage, which has to share it, is slow: that must not look as if it were down. */
async function withPatience(parts: EmbeddedParts, config: Config, clock: () => Date): Promise<EmbeddedParts> {
  if (config.signer === 'rsa') return parts; // its URLs are dear, and kept
  const { dataDir, bucket, project } = config;
  const { firstByte, stall, giveUp, pauses } = bootPatience;
  const blobs = gcsBlobs({
    endpoint: parts.localgcs.origin,
    token: fileSecret(join(dataDir, 'storage-token')),
    ...{ project, bucket, clock },
    signer: (await openLocalSigner(config, googleCredentials())).signer,
    patience: { firstByte: scaled(firstByte), stall: scaled(stall), giveUp: scaled(giveUp), pauses },
    controlPatience: { ...controlPatience, total: scaled(controlPatience.total) },
  });
  return {
    ...parts,
    blobs,
    async close() {
      await blobs.close();
      await parts.close();
    },
  };
}

/** A broker for one test, gone when the test is. */
export async function brokerFor(t: ExecutionContext, options?: Options): Promise<Broker> {
  const broker = await startBroker(options);
  t.teardown(broker.close);
  return broker;
}

export function askAdmin(
  port: number,
  token: string,
  target: string,
  json?: unknown,
  asking: Asking = {},
): Promise<Answered> {
  const body = json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) };
  return ask(port, target, {
    ...body,
    ...asking,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...asking.headers },
  });
}

/** Whatever talks to the admin plane. */
export type Admin = Pick<Broker, 'admin'>;

/** An asset to be: `x86_64` and version 1 unless told. */
export interface NewAsset {
  readonly kind: Asset['kind'];
  readonly name: string;
  readonly version?: string;
  readonly arch?: Asset['arch'];
  readonly filename?: string;
  readonly bytes: Buffer;
  /** What is announced although it is not so. */
  readonly announced?: Readonly<Record<string, unknown>>;
}

/** What `POST /uploads` takes for these bytes. */
export function announcement({ bytes, announced, ...asset }: NewAsset) {
  return {
    version: '1',
    arch: 'x86_64',
    ...asset,
    size: bytes.length,
    crc32c: crc(bytes),
    sha256: sha256(bytes),
    ...announced,
  };
}

/** Announces an asset; resolves to the upload. */
export async function announce({ admin }: Admin, asset: NewAsset) {
  return expectStatus(await admin('/api/v1/uploads', announcement(asset)), 201).json;
}

/** Sends the bytes as the upload's signature lets anybody: start a session, put them there. */
export async function send(upload: { signed_url: string; headers: Record<string, string> }, bytes: Buffer) {
  const started = await fetch(upload.signed_url, { method: 'POST', headers: upload.headers });
  const session = started.headers.get('Location');
  if (started.status !== 201 || !session) throw new Error(`${started.status} ${await started.text()}`);
  const put = await fetch(session, { method: 'PUT', body: new Uint8Array(bytes) });
  if (!put.ok) throw new Error(`${put.status} ${await put.text()}`);
}

/** Pushes an asset, all the way to ready. */
export async function push(broker: Admin, asset: NewAsset): Promise<Asset> {
  return expectStatus(await pushing(broker, asset), 200).json;
}

/** The last answer to it: the asset, ready, or why it is not. */
export async function pushing(broker: Admin, asset: NewAsset): Promise<Answered> {
  const upload = await announce(broker, asset);
  await send(upload, asset.bytes);
  const complete = () => broker.admin(`/api/v1/uploads/${upload.id}/complete`, {});
  let completed = await complete();
  await until(async () => {
    if (completed.status === 202) completed = await complete(); // still hashing
    return completed.status !== 202;
  });
  return completed;
}

export async function addMachine({ admin }: Admin, machine: object): Promise<Machine> {
  return expectStatus(await admin('/api/v1/machines', machine), 201).json;
}

export async function addProfile({ admin }: Admin, profile: object): Promise<ProfileRevision> {
  return expectStatus(await admin('/api/v1/profiles', profile), 201).json;
}

export function expectStatus(answered: Answered, status: number): Answered {
  if (answered.status !== status)
    throw new Error(`${answered.status} instead of ${status}: ${answered.text}`);
  return answered;
}

export function crc(bytes: Uint8Array): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32c(bytes));
  return value.toString('base64');
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The entries of what no administrator does. */
export const byBroker: Auditor = (...change) =>
  auditor({ kind: 'broker', id: 'test', at: new Date().toISOString() }, randomUUIDv7)(...change);

/** Keeps what is logged, each line with its level. */
export function recorder(lines: LogLine[]): Log {
  const at = (level: string) => (fields: object, message?: string) =>
    lines.push({ level, ...fields, message });
  const levels = ['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, at(level)]);
  return Object.fromEntries(levels) as unknown as Log;
}
