import type { Auditor } from './boot/access/audit.ts';
import type { Config } from './config/config.ts';
import type { RefusalLog } from './http/admin/login/refusal-log.ts';
import type { AdminParts } from './http/admin/parts.ts';
import { bootApp } from './http/boot/app.ts';
import { BootEvents } from './http/boot/events.ts';
import type { BootParts } from './http/boot/parts.ts';
import { UnknownMachines } from './http/boot/unknown-machines.ts';
import type { StaticPage } from './http/plane/static-page.ts';
import { type Listener, listen } from './http/server/listener.ts';
import { reportStores } from './jobs/stores.ts';
import type { Parts } from './parts.ts';

export interface Planes {
  /** Takes no more connections, lets running answers end for `graceMs`, then cuts them; then ends what ran beside them. */
  close(graceMs: number): Promise<void>;
}

/** Opens the planes, and begins the jobs, that BROKER_ROLES names. Rejects, naming the setting, when an address cannot be had. */
export async function openPlanes(config: Config, parts: Parts, clock: () => Date): Promise<Planes> {
  const { log } = parts;
  const behind = config.roles.some((role) => role !== 'boot') ? await openBehind(parts, clock) : undefined;
  const events = new BootEvents(config.events, { ...parts, records: parts.bootRecords });
  let refusals: RefusalLog | undefined;
  const unknownMachines = new UnknownMachines(parts);
  const listeners: Listener[] = [];
  const closing = new AbortController();
  const close = async (graceMs: number) => {
    closing.abort();
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
    await events.settled();
    await refusals?.settled();
    await unknownMachines.settled();
    await behind?.verifier.close();
  };
  try {
    const common = { ...config, ...parts, clock, describe: describer() };
    if (config.roles.includes('boot')) {
      const { allowedNetworks, trustedProxies } = config;
      const sourcePolicy = { allowed: allowedNetworks, trustedProxies };
      const boot: BootParts = {
        ...common,
        records: parts.bootRecords,
        events,
        unknownMachines,
        sourcePolicy,
      };
      listeners.push(await open('boot', bootApp(boot), config.listen, 'BROKER_LISTEN', parts));
    }
    if (behind && parts.adminToken !== undefined) {
      const { RefusalLog } = await import('./http/admin/login/refusal-log.ts');
      refusals = new RefusalLog(parts);
      const { adminApp } = await import('./http/admin/app.ts'); // with the schemas of all that it takes
      const { assetJobs } = await import('./jobs/asset-jobs.ts');
      const admin: AdminParts = {
        ...common,
        adminToken: parts.adminToken,
        refusals,
        verify: behind.verifier.verify,
        ...assetJobs(common),
      };
      listeners.push(await open('admin', adminApp(admin), config.adminListen, 'BROKER_ADMIN_LISTEN', parts));
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  if (behind && config.roles.includes('jobs')) {
    const { keepHouse } = await import('./jobs/housekeeping.ts');
    void keepHouse({ ...parts, bucket: config.bucket, clock, ...behind }, closing.signal);
    const { watchRollouts } = await import('./jobs/rollouts.ts');
    void watchRollouts({ ...parts, clock }, closing.signal);
  }
  // Only uploads need the bucket; and asking for it loads the heaviest module of the program.
  const needsBucket = config.storage === 'gcs' && behind !== undefined;
  void reportStores({ records: parts.records, log, blobs: needsBucket ? parts.blobs : undefined });
  const { snapshotKey: key, seed } = parts;
  if (key && seed) {
    const { beginSnapshots } = await import('./jobs/snapshots.ts');
    beginSnapshots({ ...config, ...parts, clock, key, seed }, closing.signal);
  }
  return { close };
}

/** Kept once it was made: it changes with the program alone. */
function describer(): () => Promise<StaticPage> {
  let described: Promise<StaticPage> | undefined;
  return () => {
    described ??= import('./http/openapi/document.ts').then(({ openapiPage }) => openapiPage());
    return described;
  };
}

/** What works behind the planes; a process that only boots does without. */
async function openBehind(parts: Parts, clock: () => Date) {
  const [{ audited }, { openVerifier }] = await Promise.all([
    import('./http/admin/write/audit-entry.ts'),
    import('./jobs/verify.ts'),
  ]);
  const audit: Auditor = (...change) =>
    audited({ kind: 'broker', id: 'broker', at: clock().toISOString() }, ...change);
  return { audit, verifier: openVerifier({ ...parts, clock, audit }) };
}

async function open(
  name: string,
  app: Parameters<typeof listen>[0],
  at: Config['listen'],
  setting: string,
  { log }: Parts,
): Promise<Listener> {
  const listener = await listen(app, at).catch((error: Error) => {
    throw new Error(`${error.message}. Free that address, or choose another by ${setting}`, { cause: error });
  });
  log.info({ listener: name, host: listener.host, port: listener.port }, 'listening');
  return listener;
}
