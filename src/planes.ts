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
import type { Jobs } from './jobs/jobs.ts';
import type { Parts } from './parts.ts';

export interface Planes {
  /** Takes no more connections, lets running answers end for `graceMs`, then cuts them; then ends what ran beside them. */
  close(graceMs: number): Promise<void>;
}

/** Opens the planes, and begins the jobs, that BROKER_ROLES names. Rejects, naming the setting, when an address cannot be had. */
export async function openPlanes(config: Config, parts: Parts, clock: () => Date): Promise<Planes> {
  const events = new BootEvents(config.events, { ...parts, records: parts.bootRecords });
  let jobs: Jobs | undefined;
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
    await jobs?.close();
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
    if (config.roles.some((role) => role !== 'boot')) jobs = await jobsOf(config, parts, clock);
    if (jobs && parts.adminToken !== undefined) {
      const { RefusalLog } = await import('./http/admin/login/refusal-log.ts');
      refusals = new RefusalLog(parts);
      const { adminApp } = await import('./http/admin/app.ts'); // with the schemas of all that it takes
      const admin: AdminParts = {
        ...common,
        adminToken: parts.adminToken,
        refusals,
        ...jobs.onDemand,
      };
      listeners.push(await open('admin', adminApp(admin), config.adminListen, 'BROKER_ADMIN_LISTEN', parts));
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  if (config.roles.includes('jobs')) jobs?.begin(closing.signal);
  void reportStores(config, parts);
  const { snapshotKey: key, seed } = parts;
  if (key && seed && config.roles.includes('boot')) {
    const { loadSnapshot } = await import('./jobs/load-snapshot.ts');
    void loadSnapshot({ ...parts, clock, key, seed });
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

/** Loaded only here: a process that only boots does without. */
async function jobsOf(config: Config, parts: Parts, clock: () => Date): Promise<Jobs> {
  const [{ audited }, { openJobs }] = await Promise.all([
    import('./http/admin/write/audit-entry.ts'),
    import('./jobs/jobs.ts'),
  ]);
  const audit: Auditor = (...change) =>
    audited({ kind: 'broker', id: 'broker', at: clock().toISOString() }, ...change);
  // Where no store is ever away, nobody needs its snapshot.
  const snapshotKey = parts.seed && parts.snapshotKey;
  return openJobs({ ...config, ...parts, clock, audit, snapshotKey });
}

/**
 * Says in the log which store does not answer, and what to do: a wrong bucket or a missing role would else show only in the first
 * upload. Never rejects: a broker starts without its stores, and serves what it can.
 */
async function reportStores({ storage, roles }: Config, { records, blobs, log }: Parts): Promise<void> {
  // Only uploads need the bucket; and asking for it loads the heaviest module of the program.
  const needsBucket = storage === 'gcs' && roles.some((role) => role !== 'boot');
  const report = (error: unknown) => log.error({ error }, 'a store is not as it should be');
  await Promise.all([records.ping().catch(report), needsBucket && blobs.ping().catch(report)]);
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
