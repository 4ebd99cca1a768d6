import type { Actor } from '../../../boot/access/actor.ts';
import type { Asset } from '../../../boot/asset.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { AdminParts } from '../parts.ts';
import type { Reply } from '../route.ts';
import { audited } from '../write/audit-entry.ts';

/** No new profile may name the asset; what refers to it goes on booting. */
export function retireAsset(id: string, by: Actor, parts: AdminParts): Promise<Reply | Refusal> {
  return turn(id, 'ready', by, parts, (asset, now) => ({ ...asset, state: 'retired', retired_at: now }));
}

/** Takes it back, as long as it is not deleted. */
export function unretireAsset(id: string, by: Actor, parts: AdminParts): Promise<Reply | Refusal> {
  return turn(id, 'retired', by, parts, ({ retired_at: _, condemned_at: __, ...asset }) => ({
    ...asset,
    state: 'ready',
  }));
}

/** Turns an asset from one of `ready` and `retired` to the other; what has been turned already stays. */
async function turn(
  id: string,
  from: 'ready' | 'retired',
  by: Actor,
  { records, clock }: AdminParts,
  turned: (asset: Asset, now: string) => Asset,
): Promise<Reply | Refusal> {
  const asset = await records.asset(id);
  if (!asset) return refuse('unknown-asset', `There is no asset ${id}. List them: bootbroker asset list`);
  const { state, upload_id, updated_at } = asset;
  if (state !== 'ready' && state !== 'retired')
    return refuse(
      'asset-not-ready',
      `Asset ${id} is ${state}: only what is ready can be retired. Abort its upload: bootbroker upload abort ${upload_id}`,
    );
  if (state !== from) return { status: 200, body: asset };
  const now = clock().toISOString();
  const to = { ...turned(asset, now), updated_at: now };
  const action = to.state === 'retired' ? 'asset.retire' : 'asset.unretire';
  const entry = audited(by, action, { kind: 'asset', id }, asset, to);
  if (await records.changeAsset(to, { state, upload_id, updated_at }, undefined, [entry]))
    return { status: 200, body: to };
  return refuse('precondition-failed', `Asset ${id} changed at the same time. Look at it and ask again.`);
}
