import { randomUUIDv7 } from 'node:crypto';
import type { Auditor } from './boot/access/audit.ts';
import type { Config } from './config/config.ts';
import type { CommonParts } from './http/plane/parts.ts';
import type { StaticPage } from './http/plane/static-page.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Plane } from './open-listener.ts';
import type { Parts } from './parts.ts';

type OpenBootPlane = (
  config: Config,
  parts: Parts,
  common: Pick<CommonParts, 'clock' | 'describe'>,
) => Promise<Plane>;

/** Begins to load what answers first, so that it is there when the parts are open. A process without that role does without. */
export async function loadBootPlane({ roles }: Config): Promise<OpenBootPlane | undefined> {
  return roles.includes('boot') ? (await import('./boot-plane.ts')).openBootPlane : undefined;
}

/** Opens the planes, and begins the jobs, that BROKER_ROLES names. Rejects, naming the setting, when an address cannot be had. */
export async function openPlanes(
  config: Config,
  parts: Parts,
  clock: () => Date,
  openBootPlane: OpenBootPlane | undefined,
): Promise<Plane> {
  const { roles } = config;
  let jobs: Jobs | undefined;
  const planes: Plane[] = [];
  const closing = new AbortController();
  const close = async (graceMs: number) => {
    closing.abort();
    await Promise.all(planes.map((plane) => plane.close(graceMs)));
    await jobs?.close();
  };
  try {
    const common = { clock, describe: describer() };
    const opening = openBootPlane ? [openBootPlane(config, parts, common)] : [];
    planes.push(...(await Promise.all(opening)));
    if (roles.some((role) => role !== 'boot')) jobs = await jobsOf(config, parts, clock);
    const { adminToken } = parts;
    if (jobs && adminToken !== undefined) {
      const { openAdminPlane } = await import('./admin-plane.ts'); // with the schemas of all that it takes
      planes.push(await openAdminPlane(config, { ...parts, adminToken }, common, jobs));
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  if (roles.includes('jobs')) jobs?.begin(closing.signal);
  void reportStores(config, parts);
  const { snapshotKey: key, seed } = parts;
  if (key && seed && roles.includes('boot')) {
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
  const [{ auditor }, { openJobs }] = await Promise.all([
    import('./boot/access/audit-entry.ts'),
    import('./jobs/jobs.ts'),
  ]);
  const audit: Auditor = (...change) =>
    auditor({ kind: 'broker', id: 'broker', at: clock().toISOString() }, randomUUIDv7)(...change);
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
