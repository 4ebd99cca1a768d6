import type { Config } from './config/config.ts';
import { adminApp } from './http/admin/app.ts';
import { Planner } from './http/admin/apply/planner.ts';
import { RefusalLog } from './http/admin/login/refusal-log.ts';
import type { CommonParts } from './http/plane/parts.ts';
import type { Jobs } from './jobs/jobs.ts';
import { openListener, type Plane } from './open-listener.ts';
import type { Parts } from './parts.ts';

/** What administrators ask, on its address. */
export async function openAdminPlane(
  config: Config,
  parts: Parts & { readonly adminToken: string },
  common: Pick<CommonParts, 'clock' | 'describe'>,
  { onDemand }: Jobs,
): Promise<Plane> {
  const refusals = new RefusalLog(parts);
  const { adminToken } = parts;
  const planner = new Planner();
  const app = adminApp({ ...config, ...parts, ...common, adminToken, refusals, planner, ...onDemand });
  const listener = await openListener('admin', app, config, parts);
  return {
    async close(graceMs) {
      await listener.close(graceMs);
      await planner.close();
      await refusals.settled();
    },
  };
}
