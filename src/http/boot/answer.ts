import type { Context } from 'koa';
import type { Permanence, ResolvedAsset } from '../../boot/asset.ts';
import { overridden } from '../../boot/client.ts';
import { decideAsset } from '../../boot/decide.ts';
import type { Machine } from '../../boot/machine.ts';
import type { Plan } from '../../boot/plan.ts';
import type { Refusal } from '../../boot/problem.ts';
import { note } from '../plane/request-log.ts';
import type { BootParts } from './parts.ts';

/** What a boot route answers, and what its boot event says. */
export interface Answer {
  readonly plan: Plan;
  readonly machine?: Machine;
  /** Id of a profile revision. */
  readonly revision?: string;
  /** What the event is called; without one, or without a machine, there is no event. */
  readonly stage?: 'script' | 'asset';
  readonly detail?: string;
}

export function refusal(refused: Refusal): Answer {
  return { plan: { kind: 'refuse', refusal: refused, reason: refused.detail } };
}

/** Delivers an asset by whatever plan suits this client. */
export function assetAnswer(
  ctx: Context,
  parts: BootParts,
  asset: ResolvedAsset,
  permanence: Permanence,
  whose: Pick<Answer, 'machine' | 'revision'> = {},
): Answer {
  note(ctx, {
    asset: asset.asset_id,
    asset_name: `${asset.kind} ${asset.name}@${asset.version} ${asset.arch}`,
  });
  const plan = decideAsset({
    method: ctx.method,
    asset,
    permanence,
    client: overridden(ctx.state.client, whose.machine?.client),
    storage: parts.storage,
    edge: ctx.state.source.edge?.capabilities ?? [],
    urlTtlSeconds: parts.urlTtlSeconds,
  });
  const detail = `${asset.kind} ${asset.name}@${asset.version} by ${plan.kind}, sha256 ${asset.sha256}`;
  return { plan, ...whose, stage: 'asset', detail };
}
