import type { Auditor } from '../../../boot/access/audit.ts';
import type { Asset } from '../../../boot/asset/asset.ts';
import { retired, unretired } from '../../../boot/asset/asset-life.ts';
import type { Step } from '../../../boot/asset/asset-step.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import type { AdminParts } from '../parts.ts';
import type { Reply } from '../route.ts';
import { commit } from '../write/commit.ts';

/** No new profile may name the asset; what refers to it goes on booting. */
export function retireAsset(id: string, audit: Auditor, parts: AdminParts): Promise<Reply | Refusal> {
  return turn(id, retired, audit, parts);
}

/** Takes it back, as long as it is not deleted. */
export function unretireAsset(id: string, audit: Auditor, parts: AdminParts): Promise<Reply | Refusal> {
  return turn(id, unretired, audit, parts);
}

/** What has been turned already stays as it is. */
function turn(
  id: string,
  turned: (asset: Asset, now: Date) => Step | Refusal | undefined,
  audit: Auditor,
  parts: AdminParts,
): Promise<Reply | Refusal> {
  return commit(async () => {
    const asset = await parts.records.asset(id);
    if (!asset) return refuse('unknown-asset', `There is no asset ${id}. List them: bootbroker asset list`);
    const step = turned(asset, parts.clock());
    if (isRefusal(step)) return step;
    if (!step) return { changes: [], audit: [], reply: { status: 200, body: asset } };
    return {
      changes: step.changes,
      audit: [audit(...step.told)],
      reply: { status: 200, body: step.asset },
    };
  }, parts);
}
